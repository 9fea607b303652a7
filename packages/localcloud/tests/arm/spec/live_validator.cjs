// Validates recorded ARM exchanges against swagger files with Microsoft's own validator (npm oav).
// Usage: node live_validator.cjs DIRECTORY < pairs.jsonl > results.jsonl
// One {liveRequest, liveResponse} a line in, one {operation, apiVersion, request, response} a line
// out, in the same order; `request` and `response` are lists of findings, empty when all is well.
"use strict";

const readline = require("node:readline");
const { LiveValidator } = require("oav/dist/lib/liveValidation/liveValidator");

const SWAGGERS = "/specification/**/stable/*/*.json";

/** A finding in few words: what, where in the payload, and the message. */
function finding(issue) {
  return { code: issue.code, paths: issue.pathsInPayload, message: issue.message };
}

/** The findings of one half of a pair; a validator that could not run is a finding too. */
function findings(half) {
  const failures = half.runtimeException ? [half.runtimeException] : [];
  return failures.map((f) => ({ code: f.code, paths: [], message: f.message })).concat(half.errors.map(finding));
}

/** One output line's value. */
async function check(validator, pair) {
  const result = await validator.validateLiveRequestResponse(pair);
  const info = result.requestValidationResult.operationInfo;
  const whole = result.runtimeException ? [finding({ pathsInPayload: [], ...result.runtimeException })] : [];
  return {
    operation: info.operationId,
    apiVersion: info.apiVersion,
    request: whole.concat(findings(result.requestValidationResult)),
    response: findings(result.responseValidationResult),
  };
}

async function main(directory) {
  const options = {
    directory,
    swaggerPathsPattern: [SWAGGERS],
    git: { shouldClone: false },
    loadValidatorInBackground: false,
  };
  // oav's own log would go to standard output, which holds results only.
  const silent = () => {};
  const validator = new LiveValidator(options, silent);
  await validator.initialize();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await check(validator, JSON.parse(line))) + "\n");
  }
}

main(process.argv[2]).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
