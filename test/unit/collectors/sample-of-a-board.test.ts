import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openCollectors } from "../../../agent/collectors/open.ts";
import { defaultConfig } from "../../../agent/config/config.ts";
import type { Reading } from "../../../agent/ports.ts";
import { serialiseSample } from "../../../agent/thingsboard/serialise.ts";
import type { FixtureName } from "../../fixtures/make-fixtures.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { lookAt } from "../../support/look.ts";

const golden = (name: string) =>
  readFileSync(join(import.meta.dirname, "../../golden", name), "utf8");

/** What is sent after the second of two looks 60 s apart, with the default configuration. */
async function sampleOf(now: FixtureName, later: FixtureName): Promise<string | null> {
  const host = fixtureHost(now, later);
  const { sources, keys, decimalKeys } = openCollectors(host, defaultConfig.system);
  for (const { collect } of sources) await lookAt(collect, 0);
  host.next();
  const readings: Record<string, Reading> = {};
  for (const { collect } of sources) {
    for (const [key, reading] of Object.entries((await lookAt(collect, 60_000)) ?? {}))
      if (keys.has(key)) readings[key] = reading;
  }
  return serialiseSample({ ts: 1_795_341_600_000, readings }, { precision: 3, decimalKeys }).text;
}

it("a Raspberry Pi 4 sends test/golden/telemetry-pi4.json", async () => {
  expect(await sampleOf("pi4", "pi4-later")).toBe(
    golden("telemetry-pi4.json").replaceAll(/\s/g, ""),
  );
});

it("a virtual PC sends the same without a temperature", async () => {
  const text = await sampleOf("x64", "x64");
  expect(Object.keys(JSON.parse(text ?? "").values)).toEqual([
    "load1",
    "memoryUsage",
    "memoryAvailableMb",
    "diskUsage",
    "diskFreeGb",
    "networkRxBps",
    "networkTxBps",
    "uptime",
  ]);
});
