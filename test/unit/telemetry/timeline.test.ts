import { expect, it } from "vitest";
import type { Json, Moment } from "../../../agent/ports.ts";
import { createTimeline } from "../../../agent/telemetry/timeline.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BUILT = Date.UTC(2026, 10, 23);
const NOW = BUILT + 10 * DAY;

/** What a journal keeps of it, over the boots of one board. */
function aCard(lastTs: number | null = null) {
  const notes = new Map<string, Json>();
  return {
    lastTs,
    noted: (name: string) => notes.get(name) ?? null,
    note: (name: string, value: Json) => void notes.set(name, value),
    sync: async () => {},
  };
}

function booted(wallMs: number, card = aCard(), bootId = "b1") {
  const clock = virtualClock(wallMs);
  const log = recordingLog();
  const kernel = { isSynchronised: false };
  const boot = { bootId, builtMs: BUILT, isSynchronised: () => kernel.isSynchronised };
  const timeline = createTimeline({
    ...{ clock, boot, journal: card, log },
    trust: "auto",
    waitMs: 60_000,
  });
  return { clock, log, kernel, card, timeline };
}

it("a sample of a clock that is not trusted has no ts, and keeps what the clock showed", () => {
  const { timeline } = booted(12_000);
  const taken = timeline.stamp();
  expect(taken).toMatchObject({ bootId: "b1", ts: null, wallMs: 12_000 });
  expect(timeline.tsOf(taken)).toBeNull();
  expect(timeline.source).toBeNull();
});

it("dates afterwards what was taken before, right to 50 ms and in order", async () => {
  const { clock, kernel, timeline } = booted(12_000);
  const takenAt: [Moment, number][] = [];
  for (let beat = 0; beat < 5; beat++) {
    takenAt.push([timeline.stamp(), clock.monotonic()]);
    await clock.advance(10_000);
  }
  clock.stepWall(NOW - clock.now());
  kernel.isSynchronised = true;
  takenAt.push([timeline.stamp(), clock.monotonic()]);
  await clock.settle();
  const ts = takenAt.map(([taken]) => Number(timeline.tsOf(taken)));
  for (const [index, [, monotonicMs]] of takenAt.entries())
    expect(Math.abs((ts[index] ?? 0) - (NOW - clock.monotonic() + monotonicMs))).toBeLessThan(50);
  expect(ts.toSorted((one, other) => one - other)).toEqual(ts);
});

it("dates nothing by what is not on the disk yet: after a kill the same sample must have the same ts", async () => {
  const card = aCard();
  const saved = Promise.withResolvers<void>();
  const { clock, kernel, timeline } = booted(12_000, { ...card, sync: () => saved.promise });
  const taken = timeline.stamp();
  clock.stepWall(NOW - clock.now());
  kernel.isSynchronised = true;
  let rung = 0;
  timeline.onTrusted(() => void rung++);
  expect(timeline.check()).toBe(true);
  expect([timeline.tsOf(taken), rung]).toEqual([null, 0]);
  saved.resolve();
  await clock.settle();
  expect([timeline.tsOf(taken), rung]).toEqual([expect.any(Number), 1]);
});

it("dates samples of an earlier boot by what became known of it, and tells which never can be", async () => {
  const card = aCard();
  const first = booted(12_000, card, "b1");
  const known = first.timeline.stamp();
  first.clock.stepWall(NOW - first.clock.now());
  first.kernel.isSynchronised = true;
  first.timeline.check();
  await first.clock.settle();
  const before = first.timeline.tsOf(known);

  const second = booted(15_000, card, "b2");
  const unknown = second.timeline.stamp();

  const third = booted(NOW + DAY, card, "b3");
  expect([third.timeline.tsOf(known), third.timeline.tsOf(unknown)]).toEqual([before, null]);
  third.kernel.isSynchronised = true;
  third.timeline.check();
  await third.clock.settle();
  expect([third.timeline.tsOf(known), third.timeline.tsOf(unknown)]).toEqual([before, "never"]);
  third.timeline.tsOf(unknown);
  const said = third.log.lines.filter(({ event }) => event.includes("given up"));
  expect(said.map(({ fields }) => fields)).toEqual([{ boot: "b2", clock: 15_000 }]);
});

it("forgets earlier boots when nothing waits any more", async () => {
  const card = aCard();
  for (const bootId of ["b1", "b2"]) {
    const { clock, kernel, timeline } = booted(NOW, card, bootId);
    kernel.isSynchronised = true;
    timeline.check();
    await clock.settle();
    if (bootId === "b2") timeline.drained();
  }
  expect(card.noted("clock")).toMatchObject({ boots: { b2: expect.anything() } });
  expect(JSON.stringify(card.noted("clock"))).not.toContain("b1");
});

it("keeps a ts that a sample has, and holds what lies ahead of a clock that was corrected until its time", async () => {
  const { clock, kernel, timeline } = booted(NOW + HOUR);
  await clock.advance(60_000);
  const taken = timeline.stamp();
  expect(timeline.source).toBe("unsynchronised");
  expect(timeline.tsOf(taken)).toBe(taken.ts);
  clock.stepWall(-HOUR);
  kernel.isSynchronised = true;
  expect(timeline.check()).toBe(true);
  await clock.settle();
  expect(timeline.tsOf(taken)).toBeNull();
  const after = timeline.stamp();
  expect(Math.abs(Number(after.ts) - clock.now())).toBeLessThan(50);
  await clock.advance(HOUR);
  expect(timeline.tsOf(taken)).toBe(taken.ts);
});

it("dates anew what a clock years ahead has dated, and counts it in a later boot that cannot", async () => {
  const card = aCard();
  const first = booted(NOW + 8 * 365 * DAY, card, "b1");
  await first.clock.advance(60_000);
  const [taken, takenMs] = [first.timeline.stamp(), first.clock.monotonic()];
  first.clock.stepWall(NOW - first.clock.now());
  await first.clock.advance(30_000);
  expect(first.timeline.tsOf(taken)).toBeNull();
  const second = booted(NOW + DAY, card, "b2");
  second.kernel.isSynchronised = true;
  second.timeline.check();
  expect(second.timeline.tsOf(taken)).toBe("never");

  first.kernel.isSynchronised = true;
  first.timeline.check();
  await first.clock.settle();
  const ts = Number(first.timeline.tsOf(taken));
  expect(Math.abs(ts - (NOW - 60_000 - 1_000 + takenMs))).toBeLessThan(50);
});

it("corrects what it has learnt from a clock nobody synchronised, as long as nothing was sent by it", async () => {
  for (const isSent of [false, true]) {
    const { clock, kernel, timeline } = booted(NOW - 5 * HOUR);
    const taken = timeline.stamp();
    await clock.advance(60_000);
    timeline.check();
    await clock.settle();
    const sent = isSent ? timeline.tsOf(taken) : null;
    clock.stepWall(5 * HOUR);
    kernel.isSynchronised = true;
    timeline.check();
    await clock.settle();
    const ts = Number(timeline.tsOf(taken));
    if (isSent) expect(ts).toBe(sent);
    else expect(Math.abs(ts - NOW)).toBeLessThan(50);
  }
});

it("a disk that remembers a time far ahead does not silence the next boots, once it was disproved", async () => {
  const card = aCard(NOW + 365 * DAY);
  const first = booted(NOW, card, "b1");
  await first.clock.advance(HOUR);
  expect(first.timeline.check()).toBe(false);
  expect(first.log.lines.at(-1)).toMatchObject({
    level: "warn",
    fields: { reason: "before the last sample on the disk", hint: expect.any(String) },
  });
  await first.clock.advance(5 * HOUR);
  expect(first.timeline.check()).toBe(true);
  await first.clock.settle();

  const second = booted(NOW + DAY, card, "b2");
  await second.clock.advance(60_000);
  expect(second.timeline.check()).toBe(true);
  await second.clock.settle();
  // Yet a clock that stands before what the board has known since is as wrong as ever.
  const third = booted(NOW + HOUR, card, "b3");
  await third.clock.advance(60_000);
  expect(third.timeline.check()).toBe(false);
});

it("tells whenever it is another reason for which the clock is believed", async () => {
  const { clock, kernel, timeline } = booted(NOW);
  const told: (string | null)[] = [];
  timeline.onSource(() => told.push(timeline.source));
  timeline.check();
  await clock.advance(60_000);
  timeline.check();
  kernel.isSynchronised = true;
  timeline.check();
  timeline.check();
  clock.stepWall(-20 * DAY);
  timeline.check();
  expect(told).toEqual(["unsynchronised", "synchronised", null]);
});
