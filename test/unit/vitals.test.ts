import { expect, it } from "vitest";
import { createVitals, feedWatchdog } from "../../agent/vitals.ts";
import { virtualClock } from "../support/virtual-clock.ts";

function watched(watchdogMs: number | null) {
  const clock = virtualClock();
  const fed: number[] = [];
  const services = {
    ready() {},
    status() {},
    watchdogMs,
    watchdog: () => void fed.push(clock.monotonic()),
    stopping() {},
  };
  const vitals = createVitals(clock);
  return { clock, fed, vitals, feeding: feedWatchdog(clock, services, vitals) };
}

it("feeds the watchdog while every part keeps its promise", async () => {
  const { clock, fed, vitals } = watched(60_000);
  vitals.expect("sampler", 3_600_000);
  vitals.expect("device", Number.POSITIVE_INFINITY);
  await clock.advance(600_000);
  expect(fed).toHaveLength(10);
});

it("stops feeding when one part is overdue, and names it", async () => {
  const { clock, fed, vitals } = watched(60_000);
  vitals.expect("sampler", 60_000);
  vitals.expect("device", Number.POSITIVE_INFINITY);
  await clock.advance(600_000);
  expect(fed).toHaveLength(1);
  expect(vitals.overdue()).toEqual(["sampler"]);
});

it("arms nothing where nobody watches, and nothing stays behind", () => {
  expect(watched(null).clock.pending).toBe(0);
  const { clock, feeding } = watched(1_000);
  feeding[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});
