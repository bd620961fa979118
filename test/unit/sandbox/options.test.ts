import { expect, test } from "vitest";
import { parseSandboxOptions, sandboxOptionSpecs } from "../../../agent/sandbox/options.ts";

test("without options there is a profile to create devices in, and no fault", () => {
  expect(parseSandboxOptions({})).toEqual({
    port: 0,
    httpPort: 0,
    profiles: [
      {
        name: "sandbox",
        key: "sandbox-key",
        secret: "sandbox-secret",
        strategy: "ALLOW_CREATE_NEW_DEVICES",
      },
    ],
    faults: {},
  });
});

test("every option has its meaning", () => {
  const options = parseSandboxOptions({
    "server-only": true,
    port: "5683",
    "no-http": true,
    loss: "30",
    duplicate: "5",
    delay: "200ms",
    "drop-provision-answer": true,
    rate: "20",
    outage: "1m",
    revoke: true,
    strategy: "pre-provisioned",
    seed: "7",
  });
  expect(options).toMatchObject({
    port: 5683,
    httpPort: null,
    seed: 7,
    profiles: [{ strategy: "CHECK_PRE_PROVISIONED_DEVICES" }],
    faults: {
      ...{ lossUp: 30, lossDown: 30, duplicate: 5, delayMs: 200 },
      ...{ dropProvisionAnswers: 1, rate: 20 },
    },
    afterFirstTelemetry: { outageMs: 60_000, revoke: true },
  });
  expect(parseSandboxOptions({ "http-port": "8080" }).httpPort).toBe(8080);
});

test.each<[Record<string, string>, string]>([
  [{ loss: "101" }, "--loss is a whole number from 0 to 100"],
  [{ loss: "some" }, "--loss is a whole number from 0 to 100"],
  [{ port: "65536" }, "--port is a whole number from 0 to 65535"],
  [{ delay: "200" }, "--delay is a duration up to 24h: 200ms, 30s, 5m"],
  [{ outage: "25h" }, "--outage is a duration up to 24h: 200ms, 30s, 5m"],
  [{ strategy: "any" }, "--strategy is one of create, pre-provisioned, disabled, x509-chain"],
])("%j is refused: %s", (values, message) => {
  expect(() => parseSandboxOptions(values)).toThrow(message);
});

test("every option has a help text that fits a line", () => {
  for (const { help } of Object.values(sandboxOptionSpecs)) {
    expect(help.length).toBeGreaterThan(10);
    expect(help.length).toBeLessThan(70);
  }
});
