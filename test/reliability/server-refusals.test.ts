import { expect } from "vitest";
import type { Readings } from "../../agent/ports.ts";
import { aJournal, wideBounds } from "../support/a-journal.ts";
import { boardReadings } from "../support/board-readings.ts";
import { publishingRig } from "../support/publishing-rig.ts";
import type { seededRandom } from "../support/seeded-random.ts";
import { type Post, telemetryServer } from "../support/telemetry-server.ts";
import { tokenBucket } from "../support/token-bucket.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

const INTERVAL_MS = 10_000;
const MINUTE_MS = 60_000;

/** A device whose server answers what `judge` says, and what arrived: ts -> key -> how often. */
function publishing(
  random: ReturnType<typeof seededRandom>,
  judge: (post: Post) => string | null,
  judgeBlock?: (num: number) => string | null,
) {
  const clock = virtualClock();
  const journal = aJournal(clock, { ...wideBounds, maxBytes: 64e6 });
  const rig = publishingRig({
    ...{ clock, random, journal },
    intervalMs: INTERVAL_MS,
    roundTripMs: 50,
  });
  const arrived = new Map<number, Map<string, number>>();
  const accepted = new Map<number, Readings>();
  const posts: { readonly atMs: number; readonly code: string; readonly post: Post }[] = [];
  const server = telemetryServer({
    ...{ network: rig.network, clock, address: rig.server, judge },
    ...(judgeBlock && { judgeBlock }),
  });
  server.onPost.push((post, code) => {
    posts.push({ atMs: clock.monotonic(), code, post });
    if (code !== "2.01") return;
    for (const { ts, values } of post.records) {
      const keys = arrived.get(ts) ?? new Map<string, number>();
      for (const key of Object.keys(values)) keys.set(key, (keys.get(key) ?? 0) + 1);
      arrived.set(ts, keys);
    }
  });
  /** Keys of accepted samples that have not arrived, as "ts key". */
  const missing = () =>
    [...accepted].flatMap(([ts, readings]) =>
      Object.keys(readings)
        .filter((key) => !arrived.get(ts)?.has(key))
        .map((key) => `${ts} ${key}`),
    );
  return {
    ...{ clock, rig, journal, server, posts, arrived, missing },
    async accept(readings: Readings) {
      const ts = clock.now();
      accepted.set(ts, readings);
      await rig.accept(readings);
      return ts;
    },
  };
}

proof(
  25,
  "a server that answers 5.00 to everything is asked seldom, and loses nothing",
  async ({ random }) => {
    let isBroken = false;
    const { clock, rig, journal, posts, missing, accept } = publishing(random, () =>
      isBroken ? "5.00" : "2.01",
    );
    const next = boardReadings(random.fraction);
    const takeFor = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += INTERVAL_MS) {
        await accept(next());
        await clock.advance(INTERVAL_MS);
      }
    };
    await takeFor(MINUTE_MS);
    isBroken = true;
    await takeFor(30 * MINUTE_MS);
    const before = posts.length;
    const steadyMinutes = 60;
    await takeFor(steadyMinutes * MINUTE_MS);
    const perMinute = (posts.length - before) / steadyMinutes;
    expect(perMinute).toBeLessThanOrEqual(2);
    expect(journal.stats()).toMatchObject({ waiting: 540, dropped: 0 });
    isBroken = false;
    await takeFor(10 * MINUTE_MS);
    expect(missing()).toEqual([]);
    expect(journal.stats()).toMatchObject({ waiting: 0, dropped: 0 });
    await rig.end();
    return `${perMinute.toFixed(2)} tries a minute in the steady state; 540 samples waited, 0 lost`;
  },
);

proof(
  26,
  "points beyond the server's bucket are split down and all delivered",
  async ({ random }) => {
    const results: string[] = [];
    // "20:1,600:60": 20 points at once, 600 a minute. And one that holds 5, and one that holds 1 alone.
    for (const [capacity, perSecond, backlog] of [
      [20, 10, 200],
      [5, 5, 40],
      [1, 10, 20],
    ] as const) {
      let bucket = { take: (_points: number) => false };
      let isUp = false;
      const device = publishing(random, ({ points }) => {
        if (!isUp) return null;
        return bucket.take(points) ? "2.01" : "5.00";
      });
      const { clock, rig, journal, posts, arrived, missing, accept } = device;
      bucket = tokenBucket({ nowMs: clock.monotonic, capacity, perSecond });
      const next = boardReadings(random.fraction);
      for (let n = 0; n < backlog; n++) {
        await accept(next());
        await clock.advance(INTERVAL_MS);
      }
      isUp = true;
      const live: number[] = [];
      const late: number[] = [];
      let firstAnswer = Number.POSITIVE_INFINITY;
      for (let n = 0; journal.stats().waiting > 2 || n < 60; n++) {
        if (n % 50 === 0) {
          const t = clock.monotonic();
          process.stderr.write(
            `${capacity} n=${n} posts=${posts.length} waiting=${journal.stats().waiting} refused=${posts.filter((p) => p.code === "5.00").length}\n`,
          );
          if (n === 100)
            for (const { atMs, code, post } of posts.filter(({ atMs }) => atMs > t - 25_000))
              process.stderr.write(
                `${((atMs - t) / 1000).toFixed(2)} ${code} ${post.points} ${((post.records[0]?.ts ?? 0) - clock.now()) / 1000}\n`,
              );
        }
        expect(n, "intervals until all was delivered").toBeLessThan(3_000);
        const ts = await accept(next());
        live.push(ts);
        await clock.advance(INTERVAL_MS);
        firstAnswer = Math.min(
          firstAnswer,
          posts.find(({ code }) => code === "2.01")?.atMs ?? firstAnswer,
        );
      }
      await clock.until(() => journal.stats().waiting === 0, 10 * MINUTE_MS);
      const wall = clock.now() - clock.monotonic();
      const completedAt = new Map<number, number>();
      for (const { atMs, code, post } of posts)
        if (code === "2.01") for (const { ts } of post.records) completedAt.set(ts, atMs + wall);
      for (const ts of live)
        if (ts > firstAnswer + wall)
          late.push((completedAt.get(ts) ?? Number.POSITIVE_INFINITY) - ts);
      const worst = Math.max(...late) / INTERVAL_MS;
      expect(worst, `live data, bucket of ${capacity}`).toBeLessThanOrEqual(2);
      expect(missing()).toEqual([]);
      expect(journal.stats()).toMatchObject({ waiting: 0, dropped: 0 });
      const refused = posts.filter(({ code }) => code === "5.00").length;
      const points = [...arrived.values()].reduce((sum, keys) => sum + keys.size, 0);
      const seconds = ((posts.at(-1)?.atMs ?? 0) - firstAnswer) / 1_000;
      results.push(
        `${capacity}:1 at ${(points / seconds).toFixed(1)} of ${perSecond} points/s, ${refused} of ${posts.length} messages refused, live late by ${worst.toFixed(1)} intervals`,
      );
      await rig.end();
    }
    return results.join("; ");
  },
);
