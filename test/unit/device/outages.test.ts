import { expect, it } from "vitest";
import { CoapError } from "../../../agent/coap/coap-error.ts";
import { notedOutage, type Outage, outageOf } from "../../../agent/device/outage.ts";
import { createOutages } from "../../../agent/device/outages.ts";
import { createOutbox } from "../../../agent/telemetry/outbox.ts";
import { aJournal, datedTimeline, stampOf, takenAt } from "../../support/a-journal.ts";
import { INTERVAL_MS, outageRig } from "../../support/outage-rig.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const MINUTE = 60_000;
const silence = new CoapError("timeout", "no answer");

async function online() {
  const rig = outageRig(1);
  const run = await rig.start();
  await rig.clock.advance(MINUTE);
  const until = (told: number) =>
    rig.clock.until(
      () => rig.reports().length >= told && run.journal.stats().waiting === 0,
      60 * MINUTE,
    );
  return { ...rig, run, until };
}

it("an outage is told when all that waited in it is delivered, once", async () => {
  const { clock, away, reports, run, until } = await online();
  away.now = silence;
  await clock.advance(10 * MINUTE);
  expect(run.cause()).toBeNull();
  away.now = null;
  await until(1);
  expect(run.cause()).toBe("silence");
  const { agentGapSeconds, agentBackfilled, agentGapDropped } = reports()[0]?.values ?? {};
  expect(agentGapSeconds).toBeGreaterThanOrEqual(600);
  expect(Number(agentBackfilled)).toBeCloseTo(Number(agentGapSeconds) / (INTERVAL_MS / 1_000), -1);
  expect(agentGapDropped).toBe(0);
  await clock.advance(30 * MINUTE);
  expect(reports()).toHaveLength(1);
});

it("one request that fails and is answered at the next try is no outage", async () => {
  const { clock, away, reports, run } = await online();
  away.now = silence;
  await clock.until(() => away.tries > 0, MINUTE);
  away.now = null;
  await clock.advance(10 * MINUTE);
  expect(reports()).toEqual([]);
  expect(run.cause()).toBeNull();
  expect(run.journal.noted("outage")).toBeNull();
});

it("a link that goes again before the backlog is gone makes one outage of two", async () => {
  const { clock, away, arrivals, reports, until } = await online();
  const lastMs = () => arrivals.at(-1)?.atMs ?? 0;
  away.now = silence;
  await clock.advance(20 * MINUTE);
  away.now = null;
  const before = lastMs();
  await clock.until(() => lastMs() > before, 60 * MINUTE);
  const firstMs = lastMs() - before;
  away.now = new CoapError("resolve", "no such name");
  const again = lastMs();
  await clock.advance(20 * MINUTE);
  away.now = null;
  await clock.until(() => lastMs() > again + MINUTE, 60 * MINUTE);
  await until(1);
  expect(reports()).toHaveLength(1);
  expect(Number(reports()[0]?.values["agentGapSeconds"])).toBeGreaterThan(firstMs / 1_000 + 1_200);
});

it("the time in which the agent did not run is an outage, too; a restart is none", async () => {
  const rig = outageRig(1);
  const { clock, reports } = rig;
  const first = await rig.start();
  await clock.advance(MINUTE);
  await first.kill();
  await clock.advance(5_000);
  const second = await rig.start();
  await clock.advance(10 * MINUTE);
  expect(reports()).toEqual([]);
  await second.kill();
  await clock.advance(60 * MINUTE);
  const third = await rig.start();
  await clock.advance(MINUTE);
  expect(reports()).toHaveLength(1);
  expect(third.cause()).toBe("off");
  expect(reports()[0]?.values["agentGapSeconds"]).toBeGreaterThanOrEqual(3_600);
});

it("what the journal notes is read back, and anything else goes for nothing", () => {
  const begun = { bootId: "b", monotonicMs: 5, ts: null };
  const counts = { lengthMs: 7, droppedBefore: 1, late: 2, upToId: 3 };
  const outage: Outage = { cause: "dns", begun, ...counts };
  expect(outageOf(notedOutage(outage))).toEqual(outage);
  expect(outageOf(notedOutage({ ...outage, begun: null }))).toEqual({ ...outage, begun: null });
  for (const noted of [null, 7, {}, { ...(notedOutage(outage) as object), late: "2" }])
    expect(outageOf(noted)).toBeNull();
});

it("5.00 that passes at the next try is no outage, however long nothing was sent before", async () => {
  const { clock, away, arrivals, reports, run } = await online();
  run.pause();
  await clock.advance(30 * MINUTE);
  const before = arrivals.length;
  away.tries = 0;
  away.now = "5.00";
  run.resume();
  await clock.until(() => away.tries > 0, MINUTE);
  away.now = null;
  await clock.until(() => arrivals.length > before, 10 * MINUTE);
  await clock.advance(10 * MINUTE);
  expect(reports()).toEqual([]);
});

it("5.00 is not the cause where the link goes right after it", async () => {
  const { clock, away, run, until } = await online();
  away.now = "5.00";
  await clock.until(() => away.tries > 0, MINUTE);
  away.now = silence;
  await clock.advance(10 * MINUTE);
  away.now = null;
  await until(1);
  expect(run.cause()).toBe("silence");
});

it("two answers at once end one hiccup, and nothing else", async () => {
  const clock = virtualClock();
  const journal = aJournal(clock);
  const asked: (() => void)[] = [];
  const newest = () => new Promise<null>((resolve) => asked.push(() => resolve(null)));
  const timeline = { ...datedTimeline, stamp: stampOf(clock), onSource() {} };
  const plain = createOutbox({ journal, timeline, liveFirst: true });
  const { outbox, hindered } = createOutages({
    ...{ journal: { ...journal, newest }, outbox: plain, timeline, clock, log: recordingLog() },
    boot: { bootId: "this-boot" },
    ...{ thresholdMs: MINUTE, offThresholdMs: MINUTE, onReport() {} },
  });
  const entry = (id: number) => ({ id, ts: 1, readings: {} });
  for (let sample = 0; sample < 3; sample++)
    await plain.accept({ taken: takenAt(clock.now() + sample), readings: { a: 1 } });
  await outbox.settle([entry(1)]);
  hindered("5.xx");
  const both = Promise.all([outbox.settle([entry(2)]), outbox.settle([entry(3)])]);
  await clock.settle();
  expect(asked).toHaveLength(2);
  for (const answer of asked) answer();
  await both;
  expect(journal.stats().waiting).toBe(0);
});

it("its outbox says what the other one says now, not what it said at the start", async () => {
  const clock = virtualClock();
  const journal = aJournal(clock);
  const timeline = { ...datedTimeline, stamp: stampOf(clock), onSource() {} };
  const plain = createOutbox({ journal, timeline, liveFirst: true });
  const { outbox } = createOutages({
    ...{ journal, outbox: plain, timeline, clock, log: recordingLog() },
    boot: { bootId: "this-boot" },
    ...{ thresholdMs: MINUTE, offThresholdMs: MINUTE, onReport() {} },
  });
  const accept = () => plain.accept({ taken: takenAt(clock.now()), readings: { a: 1 } });
  await accept();
  const first = await outbox.live();
  if (first === null) expect.fail("nothing waits");
  expect([outbox.hasMore, outbox.hasLive]).toEqual([true, true]);
  outbox.take([first]);
  expect([outbox.hasMore, outbox.hasLive]).toEqual([false, false]);
  outbox.giveBack([first]);
  expect([outbox.hasMore, outbox.hasLive]).toEqual([true, true]);
});
