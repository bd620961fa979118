import { join } from "node:path";
import { expect, it } from "vitest";
import { collectors } from "../../../agent/collectors/index.ts";
import { metricNames } from "../../../agent/collectors/select.ts";
import { defaultConfig } from "../../../agent/config/config.ts";
import { createHealth } from "../../../agent/health.ts";
import { createThrottleLatch } from "../../../agent/platform/throttle-latch.ts";
import { openSources } from "../../../agent/sensors/sources.ts";
import { packBatch } from "../../../agent/telemetry/batch.ts";
import { createDeadband } from "../../../agent/telemetry/deadband.ts";
import { sharingSample } from "../../../agent/telemetry/due.ts";
import { createSampler } from "../../../agent/telemetry/sampler.ts";
import type { FixtureName } from "../../fixtures/make-fixtures.ts";
import { emptyStats, stampOf } from "../../support/a-journal.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { readerOver } from "./rig.ts";

const ALL = [...metricNames(collectors), "sensors"];

/**
 * The bodies that are sent after the second of two looks, of the board itself and of what is plugged into it; a slow bus has
 * a sample of its own. Between the two looks one of another sensor failed.
 */
async function bodiesOf(
  now: FixtureName,
  later: FixtureName,
  { metrics = ALL, gapMs = 60_000 }: { metrics?: readonly string[]; gapMs?: number } = {},
): Promise<readonly string[]> {
  const host = fixtureHost(now, later);
  const [clock, log, health] = [virtualClock(), recordingLog(), createHealth()];
  using throttle = createThrottleLatch({ host, clock, mayReadThrottled: () => true });
  const stats = { ...emptyStats, waiting: 3 };
  const coap = { lastRoundTripMs: 23.4, retransmissions: 1 };
  const agent = {
    health,
    journal: { stats: () => stats, dropped: () => stats.dropped },
    coap: () => coap,
  };
  const gpio = { open: () => expect.fail("no line is asked for") };
  const sources = openSources(
    { ...defaultConfig, system: { ...defaultConfig.system, metrics } },
    { host, reader: readerOver(host), gpio, log },
    { throttle, agent },
  );
  const deadband = createDeadband({ deadband: 0, maxSilenceMs: 600_000, intervalMs: gapMs });
  const sampler = createSampler({ clock, stamp: stampOf(clock), deadband, health, log });
  const { signal } = new AbortController();
  const { isDecimal } = sources;

  const look = async () => {
    const found = await sources.found(clock.monotonic());
    const bodies: string[] = [];
    for (const part of sharingSample([...sources.fixed, ...found])) {
      const sample = await sampler.sample(part, signal);
      if (sample === null) continue;
      const entry = { id: 1, ts: sample.taken.ts ?? 0, readings: sample.readings };
      const limits = { maxBytes: 1_024, maxEntries: 1, maxPoints: Number.POSITIVE_INFINITY };
      const { payload } = packBatch([entry], limits, { precision: 3, isDecimal });
      if (payload) bodies.push(new TextDecoder().decode(payload));
    }
    return bodies;
  };
  await look();
  health.sensorErrors++;
  host.next();
  await clock.advance(gapMs);
  return await look();
}

/** A line for each reading; but for line breaks and blanks these are the bytes: 48.0 is not 48. */
const readable = (bodies: readonly string[]) =>
  bodies
    .map((body) => body.replaceAll(/([{,])"/g, '$1\n  "').replaceAll(/\}\}$/g, "\n}}"))
    .map((body) => `${body}\n`)
    .join("\n");

it.each<[FixtureName, FixtureName, string, number?]>([
  ["pi3", "pi3-later", "pi3"],
  ["pi4", "pi4-later", "pi4"],
  ["pi5", "pi5-later", "pi5"],
  ["zero2w", "zero2w-later", "zero2w"],
  ["cm4", "cm4-later", "cm4"],
  ["x64", "x64-later", "x64"],
  ["twins-a", "twins-a", "twins-a"],
  ["twins-b", "twins-b", "twins-b"],
  ["rates-0", "rates-1", "rates", 10_000],
  ["faulty", "faulty", "faulty"],
])("%s, then %s: sends test/golden/telemetry-%s.json", async (now, later, name, gapMs = 60_000) => {
  const golden = join(import.meta.dirname, `../../golden/telemetry-${name}.json`);
  await expect(readable(await bodiesOf(now, later, { gapMs }))).toMatchFileSnapshot(golden);
});

it("two equal sensors never swap their keys, whatever numbers the kernel gave them", async () => {
  expect(await bodiesOf("twins-b", "twins-a")).toEqual(await bodiesOf("twins-a", "twins-b"));
});

it.each<[string, FixtureName, readonly string[], readonly string[]]>([
  ["temperature, Wi-Fi, Raspberry Pi", "x64", ["cpu", "wifi", "pi", "fan", "sd"], ["cpuUsage"]],
  [
    "fan, cell, core voltage",
    "pi4",
    ["pi", "fan", "coreVoltage", "rtcBatteryVoltage"],
    ["piThrottled", "piUnderVoltage", "piThrottleEvents"],
  ],
])("of what is not there nothing is sent: no %s on the %s", async (_, board, metrics, keys) => {
  const later = `${board}-later` as FixtureName;
  const bodies = await bodiesOf(board, later, { metrics });
  expect(bodies.flatMap((body) => Object.keys(JSON.parse(body).values))).toEqual(keys);
});
