import { expect } from "vitest";
import {
  type Accepted,
  type BoardLife,
  boardLife,
  INTERVAL_MS,
  type RunningBoard,
} from "../support/board-life.ts";
import { proof } from "./proof.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BUILT_MS = Date.UTC(2026, 10, 23);
const FIRST_MS = Date.UTC(2026, 11, 1);
const YEAR_2024_MS = Date.UTC(2024, 0, 1);

type Fraction = () => number;
const between = (fraction: Fraction, from: number, to: number) =>
  Math.floor(from + fraction() * (to - from));
const oneOf = <T>(fraction: Fraction, ...choices: readonly T[]): T =>
  choices[Math.floor(fraction() * choices.length)] as T;

/** How a board's clock may stand when it boots. */
type Standing = "1970" | "before the build" | "where it was" | "right" | "ahead";

/** What must become of the samples of one boot, told from its course and not from the agent. */
type Fate = "right" | "wrong" | "undatable";

interface Course {
  readonly standing: Standing;
  readonly trueMs: number;
  readonly wallMs: number;
  readonly lastsMs: number;
  /** When NTP sets the clock; null: never in this boot. */
  readonly setAfterMs: number | null;
}

/** What a board can know of the time when it boots: the basis on which a clock is plausible. */
interface Past {
  /** Latest time that any clock has shown while it was trusted. */
  highMs: number;
  /** Such times up to here have been found to be ahead. */
  beatenMs: number;
}

function courseOf(fraction: Fraction, trueMs: number, past: Past): Course {
  const standing = oneOf<Standing>(
    fraction,
    ...(["1970", "1970", "before the build", "where it was", "right", "ahead"] as const),
  );
  const wallMs = {
    "1970": between(fraction, 1_000, MINUTE),
    "before the build": BUILT_MS - between(fraction, DAY, 300 * DAY),
    "where it was": past.highMs + 1_000,
    right: trueMs,
    ahead: trueMs + between(fraction, 2 * MINUTE, 2 * HOUR),
  }[standing];
  // Well before, or well after, the minute for which a plausible clock waits.
  const lastsMs = oneOf(
    fraction,
    between(fraction, 20_000, 50_000),
    between(fraction, 2 * MINUTE, 20 * MINUTE),
  );
  const latestMs = lastsMs - 45_000;
  const isSet = latestMs > 0 && fraction() < 0.5;
  return {
    standing,
    trueMs,
    wallMs,
    lastsMs,
    setAfterMs: isSet ? between(fraction, 0, latestMs) : null,
  };
}

/** By the rules of docs/clock.md. */
function fateOf({ trueMs, wallMs, lastsMs, setAfterMs }: Course, past: Past): Fate {
  const waitsMs = 59_000; // the virtual machine is a second old when the agent starts
  const catchesUpAfterMs = past.highMs > past.beatenMs ? past.highMs - wallMs : 0;
  const believedAfterMs = wallMs < BUILT_MS ? Infinity : Math.max(waitsMs, catchesUpAfterMs);
  if (setAfterMs !== null && setAfterMs < believedAfterMs) return "right";
  if (believedAfterMs < lastsMs) return wallMs === trueMs ? "right" : "wrong";
  return "undatable";
}

async function live(board: RunningBoard, course: Course, fraction: Fraction): Promise<void> {
  const { clock } = board;
  let leftMs = course.lastsMs;
  let toSetMs = course.setAfterMs;
  let trueMs = course.trueMs;
  while (leftMs > 0) {
    board.link = oneOf(fraction, "up", "down", "down", "loses answers");
    const ms = Math.min(leftMs, toSetMs ?? leftMs, between(fraction, 1_000, 4 * MINUTE));
    await clock.advance(ms);
    trueMs += ms;
    leftMs -= ms;
    if (toSetMs === null) continue;
    toSetMs -= ms;
    if (toSetMs > 0) continue;
    clock.stepWall(trueMs - clock.now());
    board.isSynchronised = true;
    toSetMs = null;
  }
}

/** Every sample has one `ts`, and every `ts` one sample, however often it was sent. */
function oneTsEach({ arrivals }: BoardLife, context: string): ReadonlyMap<number, number> {
  const tsOf = new Map<number, number>();
  const owner = new Map<number, number>();
  for (const { n, ts, boardMs } of arrivals) {
    expect(tsOf.get(n) ?? ts, `${context}: sample ${n} was sent with two ts`).toBe(ts);
    expect(owner.get(ts) ?? n, `${context}: two samples with ts ${ts}`).toBe(n);
    expect(ts, `${context}: sample ${n} is ahead`).toBeLessThanOrEqual(boardMs + MINUTE);
    expect(ts, `${context}: sample ${n} is before 2024`).toBeGreaterThanOrEqual(YEAR_2024_MS);
    tsOf.set(n, ts);
    owner.set(ts, n);
  }
  return tsOf;
}

const byBoot = (accepted: readonly Accepted[]) => Map.groupBy(accepted, ({ boot }) => boot);

proof(
  19,
  "samples of clocks in 1970 are dated when it is known how, and counted when it never will be",
  async ({ seed, random: { fraction }, count }) => {
    const lives = count(100);
    const seen = { boots: 0, sent: 0, right: 0, undatable: 0 };
    for (let life = 1; life <= lives; life++) {
      const context = `seed ${seed}, life ${life}`;
      const board = boardLife({ seed: seed + life, builtMs: BUILT_MS });
      const fates: Fate[] = [];
      const past: Past = { highMs: FIRST_MS, beatenMs: FIRST_MS };
      let trueMs = FIRST_MS + between(fraction, 0, HOUR);
      for (let left = between(fraction, 1, 6); left > 0; left--) {
        const course = courseOf(fraction, trueMs, past);
        fates.push(fateOf(course, past));
        const running = await board.boot(course);
        await live(running, course, fraction);
        await running.cut();
        for (const { taken } of byBoot(board.accepted).get(fates.length) ?? []) {
          if (taken.ts === null) continue;
          if (taken.ts < past.highMs) past.beatenMs = past.highMs;
          past.highMs = Math.max(past.highMs, taken.ts);
        }
        trueMs += course.lastsMs + between(fraction, 5_000, 10 * HOUR);
      }
      fates.push("right");
      const last = await board.boot({ trueMs, wallMs: trueMs });
      last.isSynchronised = true;
      await last.clock.advance(2.5 * HOUR); // what was ahead has its time now

      const tsOf = oneTsEach(board, context);
      for (const [boot, samples] of byBoot(board.accepted)) {
        const fate = fates[boot - 1];
        const where = `${context}, boot ${boot}, ${fate}`;
        let before = 0;
        for (const { n, trueMs: takenMs } of samples) {
          const ts = tsOf.get(n);
          if (fate === "undatable") expect(ts, where).toBeUndefined();
          else if (ts === undefined) expect.fail(`${where}: sample ${n} never came`);
          else if (fate === "right") {
            expect(Math.abs(ts - takenMs), `${where}: sample ${n}`).toBeLessThanOrEqual(1_000);
            expect(ts, `${where}: order of sample ${n}`).toBeGreaterThan(before);
            before = ts;
            seen.right++;
          }
        }
        if (fate === "undatable") seen.undatable += samples.length;
      }
      const undatable = board.accepted.filter(({ boot }) => fates[boot - 1] === "undatable").length;
      const { waiting, droppedBy } = last.journal.stats();
      expect({ waiting, ...droppedBy }, context).toEqual({
        waiting: 0,
        ...(undatable > 0 ? { undatable } : {}),
      });
      await last.cut();
      seen.boots += fates.length;
      seen.sent += tsOf.size;
    }
    expect(seen.undatable).toBeGreaterThan(0);
    return (
      `${lives} lives of ${seen.boots} boots: ${seen.sent} samples sent, each with one ts of its own, ` +
      `${seen.right} right to 1 s, ${seen.undatable} undatable and counted`
    );
  },
);

proof(
  20,
  "a clock that is set back and forth costs no beat, and no two samples share a ts",
  async ({ seed, random: { fraction }, count }) => {
    const steps = count(100);
    const board = boardLife({ seed, builtMs: BUILT_MS });
    const running = await board.boot({ trueMs: FIRST_MS, wallMs: FIRST_MS });
    const { clock } = running;
    await clock.advance(2 * MINUTE);
    let highestMs = clock.now();
    let restarts = 0;
    for (let step = 1; step <= steps; step++) {
      running.link = oneOf(fraction, "up", "up", "loses answers", "down");
      // An hour by DST is none to a board, which counts in UTC; but somebody may set the clock by it.
      const ms = oneOf(fraction, HOUR, -HOUR, 1, between(fraction, -30 * MINUTE, 30 * MINUTE));
      clock.stepWall(ms === 1 ? between(fraction, -5_000, 5_000) : ms);
      running.isSynchronised = fraction() < 0.5;
      await clock.advance(between(fraction, 1_000, 20 * MINUTE));
      highestMs = Math.max(highestMs, clock.now());
      if (fraction() < 0.1) {
        // Beats begin anew with it: only the clock is looked at across a restart.
        await running.restart();
        restarts++;
      }
    }
    running.link = "up";
    clock.stepWall(Math.max(0, highestMs - clock.now()) + MINUTE);
    running.isSynchronised = true;
    await clock.advance(15 * MINUTE);

    const tsOf = oneTsEach(board, `seed ${seed}`);
    expect(tsOf.size).toBe(board.accepted.length);
    expect(running.journal.stats()).toMatchObject({ waiting: 0, dropped: 0 });
    const gaps = board.accepted
      .slice(1)
      .map(({ trueMs }, index) => trueMs - (board.accepted[index]?.trueMs ?? 0));
    // The first beat after a start is half an interval away at least.
    expect(gaps.filter((ms) => ms !== INTERVAL_MS).length).toBeLessThanOrEqual(2 * restarts);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1.5 * INTERVAL_MS);
    await running.cut();
    return (
      `${steps} steps, ${restarts} restarts: ${board.accepted.length} beats, 0 missed, 0 doubled, ` +
      `${tsOf.size} different ts`
    );
  },
);
