import { expect, it } from "vitest";
import { type Config, defaultConfig } from "../../../agent/config/config.ts";
import { standingWarnings } from "../../../agent/config/standing-warnings.ts";

const warningsFor = (url: string, server: Partial<Config["server"]> = {}) =>
  standingWarnings({ ...defaultConfig, server: { ...defaultConfig.server, url, ...server } });

it("says that coap:// is clear text, as long as it leaves this machine", () => {
  expect(warningsFor("coap://tb.example.com")).toEqual([expect.stringContaining("clear text")]);
  expect(warningsFor("coap://10.0.0.5")).toHaveLength(1);
  for (const url of [
    "",
    "coap://127.0.0.1:5683",
    "coap://[::1]",
    "coap://localhost",
    "coaps://tb.example.com",
  ])
    expect(warningsFor(url)).toEqual([]);
});

it("says that a server of coaps:// is not verified", () => {
  const skipped = { insecure_skip_verify: true };
  expect(warningsFor("coaps://tb.example.com", skipped)).toEqual([
    expect.stringContaining("whoever answers is believed"),
  ]);
  expect(warningsFor("coaps://localhost", skipped)).toHaveLength(1);
});
