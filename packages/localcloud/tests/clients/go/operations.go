package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// operations is what a kind of resource can have done to it.
type operations struct {
	put    func(context.Context, []string, json.RawMessage) (any, error)
	get    func(ctx context.Context, names []string, expand string) (any, error)
	list   func(context.Context, []string) (any, error)
	delete func(context.Context, []string) (any, error)
}

func (of operations) do(ctx context.Context, asked call) (any, error) {
	switch asked.Do {
	case "put":
		return of.put(ctx, asked.Names, asked.Body)
	case "get":
		return of.get(ctx, asked.Names, asked.Expand)
	case "list":
		return of.list(ctx, asked.Names)
	case "delete":
		_, err := of.delete(ctx, asked.Names)
		return nil, err
	}
	return nil, fmt.Errorf("nobody knows how to %q", asked.Do)
}

// puts reads the body as the SDK's model, begins to write it and waits for the end.
func puts[M, R any](
	begin func(context.Context, []string, M) (*runtime.Poller[R], error),
) func(context.Context, []string, json.RawMessage) (any, error) {
	return func(ctx context.Context, names []string, body json.RawMessage) (any, error) {
		var model M
		if err := json.Unmarshal(body, &model); err != nil {
			return nil, err
		}
		poller, err := begin(ctx, names, model)
		return ended(ctx, poller, err)
	}
}

func deletes[R any](
	begin func(context.Context, []string) (*runtime.Poller[R], error),
) func(context.Context, []string) (any, error) {
	return func(ctx context.Context, names []string) (any, error) {
		poller, err := begin(ctx, names)
		return ended(ctx, poller, err)
	}
}

// ended polls by hand: PollUntilDone would first wait for as long as Retry-After says, by the wall clock.
func ended[R any](ctx context.Context, poller *runtime.Poller[R], err error) (any, error) {
	for err == nil && !poller.Done() {
		_, err = poller.Poll(ctx)
	}
	if err != nil {
		return nil, err
	}
	return poller.Result(ctx)
}

// lists follows a list to its last page.
func lists[R any](pages func([]string) *runtime.Pager[R]) func(context.Context, []string) (any, error) {
	return func(ctx context.Context, names []string) (any, error) {
		found := []json.RawMessage{}
		for pager := pages(names); pager.More(); {
			page, err := pager.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			values, err := valuesOf(page)
			if err != nil {
				return nil, err
			}
			found = append(found, values...)
		}
		return found, nil
	}
}

func valuesOf(page any) ([]json.RawMessage, error) {
	var list struct{ Value []json.RawMessage }
	text, err := json.Marshal(page)
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	return list.Value, err
}
