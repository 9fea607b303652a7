// The Go SDK as a program: a call a line on standard input, its answer a line on standard output.
// {do, kind, names, body, expand} in; {value} or {error: {status, code, message}} out.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"runtime/debug"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

type call struct {
	Do     string          `json:"do"`
	Kind   string          `json:"kind"`
	Names  []string        `json:"names"`
	Body   json.RawMessage `json:"body"`
	Expand string          `json:"expand"`
}

type failure struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func main() {
	kinds, err := connect()
	if err != nil {
		log.Fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	say(out, map[string]string{"sdk": version()})
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked call
		if err := json.Unmarshal(line, &asked); err != nil {
			log.Fatal(err)
		}
		say(out, answer(kinds[asked.Kind], asked))
	}
}

func say(out *json.Encoder, value any) {
	if err := out.Encode(value); err != nil {
		log.Fatal(err)
	}
}

func answer(of operations, asked call) map[string]any {
	value, err := of.do(context.Background(), asked)
	if err == nil {
		return map[string]any{"value": value}
	}
	told := failure{Message: err.Error()}
	var response *azcore.ResponseError
	if errors.As(err, &response) {
		told.Status, told.Code = response.StatusCode, response.ErrorCode
	}
	return map[string]any{"error": told}
}

// version is the SDK's, as the module that was built in says.
func version() string {
	build, _ := debug.ReadBuildInfo()
	for _, module := range build.Deps {
		if strings.Contains(module.Path, "/compute/armcompute/") {
			return "armcompute " + module.Version
		}
	}
	return "armcompute"
}
