import { expect, it } from "vitest";
import { onCalendar } from "../../../agent/telemetry/calendar-beat.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const HOUR = 3_600_000;

/** Every full hour of the wall clock. */
function hourly(startMs = Date.UTC(2026, 10, 22, 9, 59, 50)) {
  const clock = virtualClock(startMs);
  const runs: string[] = [];
  const next = () => (Math.floor(clock.now() / HOUR) + 1) * HOUR;
  const running = onCalendar(clock, next, () => {
    runs.push(new Date(clock.now()).toISOString().slice(0, 19));
  });
  return { clock, runs, running };
}

it("runs at its times, and leaves no timer behind", async () => {
  const { clock, runs, running } = hourly();
  await clock.advance(2 * HOUR);
  expect(runs).toEqual(["2026-11-22T10:00:00", "2026-11-22T11:00:00"]);
  running[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});

it("a clock set forward by a year makes up for nothing", async () => {
  const { clock, runs } = hourly();
  await clock.advance(20_000);
  clock.stepWall(365 * 24 * HOUR);
  await clock.advance(HOUR);
  expect(runs).toEqual(["2026-11-22T10:00:00", "2027-11-22T11:00:00"]);
});

it("a clock set back by an hour is not silent for that hour", async () => {
  const { clock, runs } = hourly();
  await clock.advance(20_000);
  clock.stepWall(-HOUR);
  await clock.advance(HOUR);
  expect(runs).toEqual(["2026-11-22T10:00:00", "2026-11-22T10:00:00"]);
});

it("a clock that was in 1970 runs at the right time soon after it is set", async () => {
  const { clock, runs } = hourly(30_000);
  await clock.advance(60_000);
  clock.stepWall(Date.UTC(2026, 10, 22, 9, 58, 0) - clock.now());
  await clock.advance(125_000);
  expect(runs).toEqual(["2026-11-22T10:00:00"]);
});

it("a clock set back by seconds right after a run does not repeat it", async () => {
  const { clock, runs } = hourly();
  await clock.advance(11_000);
  clock.stepWall(-8_000);
  await clock.advance(HOUR + 60_000);
  expect(runs).toEqual(["2026-11-22T10:00:00", "2026-11-22T11:00:00"]);
});

it("a clock that drifts by seconds over weeks misses nothing", async () => {
  const { clock, runs } = hourly();
  for (let hour = 0; hour < 48; hour++) {
    await clock.advance(HOUR);
    clock.stepWall(-500);
  }
  expect(runs).toHaveLength(48);
  expect(new Set(runs).size).toBe(48);
});
