import { expect, it } from "vitest";
import { defaultConfig } from "../../../agent/config/config.ts";
import { configHash } from "../../../agent/device/config-hash.ts";

const { telemetry, provisioning } = defaultConfig;

it("is the same for the same settings, and a text that no server takes for a number", () => {
  expect(configHash(defaultConfig)).toMatch(/^[0-9a-f]{4}-[0-9a-f]{4}$/);
  expect(configHash(structuredClone(defaultConfig))).toBe(configHash(defaultConfig));
});

it("changes with a setting", () => {
  const other = { ...defaultConfig, telemetry: { ...telemetry, interval: telemetry.interval + 1 } };
  expect(configHash(other)).not.toBe(configHash(defaultConfig));
});

it("does not depend on a secret: nobody can try secrets against it", () => {
  const other = { ...defaultConfig, provisioning: { ...provisioning, secret: "s3cr3t-s3cr3t" } };
  expect(configHash(other)).toBe(configHash(defaultConfig));
});
