import { expect } from "vitest";
import type { Readings } from "../../agent/ports.ts";
import { aJournal, takenAt, wideBounds } from "../support/a-journal.ts";
import { boardReadings } from "../support/board-readings.ts";
import { publishingRig } from "../support/publishing-rig.ts";
import type { seededRandom } from "../support/seeded-random.ts";
import { type Post, telemetryServer, type Verdict } from "../support/telemetry-server.ts";
import { tokenBucket } from "../support/token-bucket.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

const INTERVAL_MS = 10_000;
const MINUTE_MS = 60_000;

/** A device whose server answers what `judge` says, and what arrived: ts -> key -> how often. */
function publishing(
  random: ReturnType<typeof seededRandom>,
  judge: (post: Post) => string | Verdict | null,
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
    ...{ network: rig.network, address: rig.server, judge },
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
    /** Accepted, and sent with the next one. */
    async hold(readings: Readings) {
      const ts = clock.now();
      accepted.set(ts, readings);
      await rig.outbox.accept({ taken: takenAt(ts), readings }, { hold: true });
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
  25,
  "a server that says when to come back is not asked before, and loses nothing",
  async ({ random, count }) => {
    let asks: Verdict | null = null;
    const device = publishing(random, () => asks ?? "2.01");
    const { clock, rig, journal, posts, missing, accept } = device;
    const next = boardReadings(random.fraction);
    const takeFor = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += INTERVAL_MS) {
        await accept(next());
        await clock.advance(INTERVAL_MS);
      }
    };
    let asked = 0;
    for (let time = 0; time < count(50); time++) {
      await takeFor(MINUTE_MS + Math.round(random.fraction() * 2) * INTERVAL_MS);
      asks = {
        code: random.fraction() < 0.5 ? "4.29" : "5.03",
        maxAge: 30 + Math.floor(random.fraction() * 600),
      };
      const from = posts.length;
      await takeFor(20 * MINUTE_MS);
      const refused = posts.slice(from);
      asked += refused.length;
      expect(refused.length).toBeGreaterThan(1);
      for (const [at, { atMs }] of refused.entries()) {
        const before = refused[at - 1];
        if (before) expect(atMs - before.atMs).toBeGreaterThanOrEqual(asks.maxAge * 1_000);
      }
      asks = null;
      await takeFor(20 * MINUTE_MS);
    }
    expect(missing()).toEqual([]);
    expect(journal.stats()).toMatchObject({ waiting: 0, dropped: 0 });
    await rig.end();
    return `4.29 or 5.03 with Max-Age for 20 minutes, ${count(50)} times: asked ${asked} times, never before it had passed; 0 lost`;
  },
);

proof(
  26,
  "points beyond the server's bucket are split down and all delivered",
  async ({ random }) => {
    const results: string[] = [];
    // "20:1,600:60": 20 points at once, 600 a minute. And one that holds a single point.
    for (const { capacity, perSecond, keys, backlog } of [
      { capacity: 20, perSecond: 10, keys: 30, backlog: 600 },
      { capacity: 1, perSecond: 2, keys: 4, backlog: 200 },
    ]) {
      let bucket = { take: (_points: number) => false };
      let isUp = false;
      const device = publishing(random, ({ points }) => {
        if (!isUp) return null;
        return bucket.take(points) ? "2.01" : "5.00";
      });
      const { clock, rig, journal, posts, arrived, missing, accept } = device;
      bucket = tokenBucket({ nowMs: clock.monotonic, capacity, perSecond });
      const ofBoard = boardReadings(random.fraction);
      const next = () => Object.fromEntries(Object.entries(ofBoard()).slice(0, keys));
      for (let n = 0; n < backlog; n++) {
        await accept(next());
        await clock.advance(INTERVAL_MS);
      }
      isUp = true;
      const live: number[] = [];
      const late: number[] = [];
      let firstAnswer = Number.POSITIVE_INFINITY;
      for (let n = 0; journal.stats().waiting > 2 || n < 60; n++) {
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
      expect(points / seconds, "points a second").toBeGreaterThan(perSecond / 4);
      results.push(
        `${capacity}:1 at ${(points / seconds).toFixed(1)} of ${perSecond} points/s, ${refused} of ${posts.length} messages refused, live late by ${worst.toFixed(1)} intervals`,
      );
      await rig.end();
    }
    return results.join("; ");
  },
);

proof(
  27,
  "a refused sample or key is found, set aside and counted; the rest is delivered",
  async ({ random, count }) => {
    const courses = count(200);
    let most = 0;
    for (let course = 0; course < courses; course++) {
      // Eight samples of four keys make one message; either all of one is refused, or one key of it.
      const samples = 8;
      const poison = Math.floor(random.fraction() * (samples - 1));
      const ofKeys = random.fraction() < 0.5 ? ["a", "b", "c", "n"] : ["b"];
      let poisonTs = 0;
      let tries = 0;
      const device = publishing(random, ({ records }) => {
        const hit = records.find(({ ts }) => ts === poisonTs);
        if (!hit || !ofKeys.some((key) => key in hit.values)) return "2.01";
        tries++;
        return "4.00";
      });
      const { clock, rig, journal, arrived, missing, accept } = device;
      for (let n = 0; n < samples; n++) {
        const ts = await device.hold({ a: n, b: n, c: n, n });
        if (n === poison) poisonTs = ts;
        await clock.advance(1);
      }
      await accept({ a: 9, b: 9, c: 9, n: 9 });
      await clock.until(() => journal.stats().waiting === 0, 10 * MINUTE_MS);
      expect(missing()).toEqual(ofKeys.map((key) => `${poisonTs} ${key}`));
      expect(journal.stats().droppedBy).toEqual({ refused: 1 });
      const keptAside = rig.aside.flatMap(({ ts, readings }) =>
        Object.keys(readings).map((key) => `${ts} ${key}`),
      );
      expect(keptAside.toSorted()).toEqual(missing().toSorted());
      expect(rig.states()).toEqual(["offline -> online"]);
      for (const keys of arrived.values()) for (const times of keys.values()) expect(times).toBe(1);
      // Down to the sample, then down to the key: all refused keys are met one by one.
      const bound = Math.ceil(Math.log2(samples + 1)) + 1 + 2 * ofKeys.length;
      expect(tries).toBeLessThanOrEqual(bound);
      if (ofKeys.length === 1) most = Math.max(most, tries);
      await rig.end();
    }
    return `${courses} times: one key of one in 9 samples found in ${most} tries at most, set aside and counted, all else delivered once`;
  },
);

proof(
  28,
  "huge values are refused with a reason or sent block-wise, and leave nothing behind",
  async ({ random }) => {
    let isSilent = false;
    let lostAt: number | null = null;
    let largest = Number.POSITIVE_INFINITY;
    const device = publishing(
      random,
      ({ bytes }) => (isSilent ? null : bytes > largest ? "4.13" : "2.01"),
      (num) => {
        if (num !== lostAt) return null;
        lostAt = null;
        return "4.08";
      },
    );
    const { clock, rig, journal, server, posts, missing, accept } = device;
    const manyKeys = (value: number) =>
      Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, value + i]));
    const untilDelivered = () => clock.until(() => journal.stats().waiting === 0, 60 * MINUTE_MS);

    const textTs = await accept({ text: "x".repeat(1_000_000), other: 1 });
    await untilDelivered();
    expect(missing()).toEqual([`${textTs} text`]);
    expect(journal.stats().droppedBy).toEqual({ refused: 1 });
    expect(rig.log.lines).toContainEqual(
      expect.objectContaining({
        event: "reading cannot be sent",
        fields: expect.objectContaining({ key: "text" }),
      }),
    );

    await clock.advance(INTERVAL_MS);
    await accept(manyKeys(1)); // 4.08 in the middle: once more from the first block
    lostAt = 20;
    await untilDelivered();
    expect(lostAt).toBeNull();
    const { length: blocks } = server.size1s;
    expect(server.size1s.every((size) => size !== null && size > 1_024)).toBe(true);

    await clock.advance(INTERVAL_MS);
    largest = 20_000; // 4.13: split by keys
    await accept(manyKeys(2));
    await untilDelivered();
    expect(missing()).toEqual([`${textTs} text`]);
    const { length: split } = posts.filter(({ code }) => code === "4.13");
    expect(split).toBeGreaterThan(0);

    await clock.advance(INTERVAL_MS);
    isSilent = true; // the server dies in the middle of it, and the agent is stopped
    await accept(manyKeys(3));
    await clock.advance(20_000);
    await rig.end();
    expect(rig.transport.stats()).toMatchObject({ outstanding: 0, queued: 0 });
    await clock.advance(10 * MINUTE_MS);
    expect(rig.transport.stats()).toMatchObject({ retiredTokens: 0, deduplicated: 0 });
    expect(clock.pending).toBe(0);
    expect(journal.stats()).toMatchObject({ waiting: 1, droppedBy: { refused: 1 } });
    return `1 MB of text refused and counted; 10,000 keys in ${blocks} blocks, each with Size1, 4.08 and ${split} x 4.13 survived; nothing left after the abort`;
  },
);
