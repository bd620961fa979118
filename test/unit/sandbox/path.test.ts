import { expect, test } from "vitest";
import { operationOf } from "../../../agent/sandbox/operation.ts";
import { decodePath } from "../../../agent/sandbox/path.ts";

const split = (path: string) => path.split("/").slice(1);

test.each<[string, string | null, string, string | null]>([
  ["/api/v1/TOKEN/telemetry", "TOKEN", "telemetry", null],
  ["/api/v1/TOKEN/TELEMETRY", "TOKEN", "telemetry", null],
  ["/api/v1/TOKEN/attributes/updates", "TOKEN", "attributes", "updates"],
  ["/api/v1/TOKEN/rpc/17", "TOKEN", "rpc", "17"],
  ["/api/v1/TOKEN/rpc/17/more/words", "TOKEN", "rpc", "17"],
  ["/api/v1/TOKEN/provision", "TOKEN", "provision", null],
  ["/api/v1/provision", null, "provision", null],
  ["/api/v1/Claim", null, "claim", null],
  ["/api/v1/rpc/17", null, "rpc", "17"],
  ["/api/v1//telemetry", "", "telemetry", null],
])("%s is for token %s, feature %s, id %s", (path, accessToken, feature, requestId) => {
  expect(decodePath(split(path))).toEqual({ kind: "feature", accessToken, feature, requestId });
});

test.each<[string, string]>([
  ["/api/v1/TOKEN/firmware", "undecodable"],
  ["/api/v1/TOKEN", "undecodable"],
  ["/api/v1", "undecodable"],
  ["/api", "bare"],
  ["/api/v2/TOKEN/telemetry", "unknown"],
  ["/nope", "unknown"],
  ["/API/v1/TOKEN/telemetry", "unknown"],
])("%s is %s", (path, kind) => {
  expect(decodePath(split(path)).kind).toBe(kind);
});

test("a path in one option is split like one in many, with or without a slash before", () => {
  const inMany = decodePath(["api", "v1", "TOKEN", "telemetry"]);
  expect(decodePath(["/api/v1/TOKEN/telemetry"])).toEqual(inMany);
  expect(decodePath(["api/v1/TOKEN/telemetry"])).toEqual(inMany);
  expect(decodePath([]).kind).toBe("unknown");
});

test.each([
  ["POST", "telemetry", null, null, "post telemetry"],
  ["POST", "attributes", null, null, "post attributes"],
  ["POST", "rpc", "17", null, "reply rpc"],
  ["POST", "rpc", "abc", null, "request rpc"],
  ["POST", "rpc", null, null, "request rpc"],
  ["POST", "claim", null, null, "claim"],
  ["POST", "provision", null, null, "provision"],
  ["GET", "attributes", null, null, "read attributes"],
  ["GET", "attributes", null, 0, "subscribe attributes"],
  ["GET", "attributes", null, 1, "unsubscribe attributes"],
  ["GET", "rpc", null, 0, "subscribe rpc"],
  ["GET", "rpc", null, 1, "unsubscribe rpc"],
  ["GET", "rpc", null, null, "4.00"],
  ["GET", "claim", null, null, "4.00"],
  ["GET", "claim", null, 0, "subscribe attributes"],
  ["GET", "provision", null, 0, "subscribe attributes"],
  ["GET", "telemetry", null, 0, "4.00"],
  ["PUT", "telemetry", null, null, "4.05"],
  ["DELETE", "attributes", null, null, "4.05"],
] as const)("%s %s/%s with Observe %s is %s", (method, feature, requestId, observe, operation) => {
  expect(operationOf({ method, feature, requestId, observe })).toBe(operation);
});
