import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { collectors } from "../../../agent/collectors/index.ts";
import { openCollectors } from "../../../agent/collectors/open.ts";
import { metricNames } from "../../../agent/collectors/select.ts";
import { createHealth } from "../../../agent/health.ts";
import { createThrottleLatch } from "../../../agent/platform/throttle-latch.ts";
import type { Reading } from "../../../agent/ports.ts";
import type { Source } from "../../../agent/source.ts";
import { serialiseSample } from "../../../agent/thingsboard/serialise.ts";
import type { FixtureName } from "../../fixtures/make-fixtures.ts";
import { emptyStats } from "../../support/a-journal.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const golden = (name: string) =>
  readFileSync(join(import.meta.dirname, "../../golden", name), "utf8");

const isDecimalIn = (sources: readonly Source[]) => (key: string) =>
  sources.some(({ keys }) => keys[key] && !keys[key].whole);

/** What is sent after the second of two looks 60 s apart; between them one look of another sensor failed. */
async function sampleOf(
  now: FixtureName,
  later: FixtureName,
  metrics: readonly string[] = metricNames(collectors),
): Promise<string | null> {
  const host = fixtureHost(now, later);
  const clock = virtualClock();
  using throttle = createThrottleLatch({ host, clock, mayReadThrottled: () => true });
  const health = createHealth();
  const stats = { ...emptyStats, waiting: 3 };
  const coap = { lastRoundTripMs: 23.4, retransmissions: 1 };
  const state = { health, journal: { stats: () => stats }, coap: () => coap };
  const system = { metrics, disk_paths: ["/"], network_interfaces: [] };
  const sources = openCollectors(
    host,
    { system, intervals: {}, taken: new Set() },
    { ...noDevices, throttle, agent: state },
  );

  for (const { collect } of sources) await lookAt(collect, clock.monotonic());
  health.sensorErrors++;
  host.next();
  await clock.advance(60_000);
  const readings: Record<string, Reading> = {};
  for (const { collect } of sources)
    Object.assign(readings, await lookAt(collect, clock.monotonic()));
  const options = { precision: 3, isDecimal: isDecimalIn(sources) };
  return serialiseSample({ ts: clock.now(), readings }, options).text;
}

describe.each(["pi4", "pi5", "zero2w", "x64"] as const)("the board %s", (board) => {
  it(`with all metrics sends test/golden/telemetry-${board}.json`, async () => {
    const text = await sampleOf(board, `${board}-later`);
    // Every character counts but the white space: 48.0 is not 48.
    expect(text).toBe(golden(`telemetry-${board}.json`).replaceAll(/\s/g, ""));
  });
});

describe("what is not there is not sent", () => {
  const keysOf = async (board: FixtureName, metrics?: readonly string[]) =>
    Object.keys(JSON.parse((await sampleOf(board, board, metrics)) ?? "").values);

  it("from a virtual PC: no temperature, no Wi-Fi, nothing of a Raspberry Pi", async () => {
    const keys = await keysOf("x64", ["cpu", "wifi", "pi", "fan", "sd", "uptime"]);
    expect(keys).toEqual(["uptime"]);
  });

  it("from a Raspberry Pi 4: no fan, no cell, no core voltage", async () => {
    const keys = await keysOf("pi4", ["pi", "fan", "coreVoltage", "rtcBatteryVoltage"]);
    expect(keys).toEqual(["piThrottled", "piUnderVoltage", "piThrottleEvents"]);
  });
});
