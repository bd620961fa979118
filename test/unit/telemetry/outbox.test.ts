import { expect, it } from "vitest";
import type { Journal, Moment } from "../../../agent/ports.ts";
import { createOutbox } from "../../../agent/telemetry/outbox.ts";
import { aJournal, datedTimeline, takenAt } from "../../support/a-journal.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

/** An outbox whose timeline says of each moment what the test says. */
function anOutbox() {
  const clock = virtualClock();
  const journal = aJournal(clock);
  const verdicts = new Map<string, "never" | null>();
  let trusted = () => {};
  let drained = 0;
  const timeline = {
    source: "synchronised" as const,
    tsOf: ({ bootId, ts, monotonicMs }: Moment) =>
      verdicts.has(bootId) ? (verdicts.get(bootId) ?? null) : (ts ?? monotonicMs),
    isAhead: (ts: number) => ts > clock.now() + 60_000,
    onTrusted(listener: () => void) {
      trusted = listener;
    },
    drained: () => void drained++,
  };
  const outbox = createOutbox({ journal, timeline, liveFirst: true });
  const accept = (n: number, bootId = "this-boot") =>
    outbox.accept({ taken: { ...takenAt(clock.now() + n), bootId }, readings: { n } });
  const entries = async () => {
    const live = await outbox.live();
    if (live !== null) outbox.take([live]);
    const backlog = await outbox.backlog(live === null ? 4 : 3);
    if (live !== null) outbox.giveBack([live]);
    return live === null ? backlog : [live, ...backlog];
  };
  const next = async () => (await entries()).map(({ readings }) => readings["n"]);
  return {
    clock,
    journal,
    outbox,
    verdicts,
    accept,
    entries,
    next,
    trusted: () => trusted(),
    drained: () => drained,
  };
}

it("passes over what has to wait for its time, and sends it when it is known", async () => {
  const { verdicts, accept, next, trusted } = anOutbox();
  verdicts.set("later", null);
  for (let n = 1; n <= 40; n++) await accept(n, "later");
  for (let n = 41; n <= 43; n++) await accept(n);
  expect(await next()).toEqual([43, 41, 42]);
  verdicts.clear();
  trusted();
  expect(await next()).toEqual([43, 1, 2, 3]);
});

it("what was read ahead waits as well when the clock is set back under it", async () => {
  const { clock, accept, entries, next, outbox } = anOutbox();
  for (let n = 1; n <= 6; n++) await accept(n);
  const [first] = await entries();
  if (first === undefined) expect.fail("nothing to send");
  expect(outbox.mayGo(first)).toBe(true);
  clock.stepWall(-3_600_000);
  expect(outbox.mayGo(first)).toBe(false);
  expect((await outbox.backlog(4)).map(({ readings }) => readings["n"])).toEqual([]);
  await clock.advance(3_600_000);
  expect(outbox.mayGo(first)).toBe(true);
  expect(await next()).toEqual([6, 1, 2, 3]);
});

it("looks again by itself at what had to wait", async () => {
  const { verdicts, accept, entries, next, outbox } = anOutbox();
  verdicts.set("later", null);
  await accept(1, "later");
  await accept(2);
  await outbox.settle(await entries());
  expect(await next()).toEqual([]);
  verdicts.clear();
  for (let call = 0; call < 64; call++) await next();
  expect(await next()).toEqual([1]);
});

it("whoever waits is not woken for what cannot be sent, but for the next sample", async () => {
  const { clock, verdicts, accept, next, outbox } = anOutbox();
  verdicts.set("later", null);
  await accept(1, "later");
  expect(await next()).toEqual([]);
  let woken = false;
  void outbox.waiting(new AbortController().signal).then(() => {
    woken = true;
  });
  await clock.settle();
  expect(woken).toBe(false);
  await accept(2);
  await clock.settle();
  expect(woken).toBe(true);
  expect(await next()).toEqual([2]);
});

it("a sample that comes while the last ones are looked through is not overlooked", async () => {
  const { verdicts, accept, entries, outbox } = anOutbox();
  verdicts.set("later", null);
  await accept(1, "later");
  const looking = entries();
  await accept(2);
  await looking;
  await outbox.waiting(AbortSignal.timeout(5_000));
});

it("counts what can never be dated, once each", async () => {
  const { verdicts, journal, accept, entries, next, outbox, drained } = anOutbox();
  verdicts.set("lost", "never");
  for (let n = 1; n <= 40; n++) await accept(n, "lost");
  await accept(41);
  expect(await next()).toEqual([41]);
  expect(journal.stats().droppedBy).toEqual({ undatable: 40 });
  expect(drained()).toBe(0);
  await outbox.settle(await entries());
  expect(journal.stats()).toMatchObject({ waiting: 0, dropped: 40 });
  expect(drained()).toBe(1);
});

it("samples that become durable out of order: the newest stays live", async () => {
  const { clock, journal } = anOutbox();
  const written: (() => void)[] = [];
  const slow: Journal = {
    ...journal,
    async append(sample) {
      const id = await journal.append(sample);
      await new Promise<void>((resolve) => written.push(resolve));
      return id;
    },
  };
  const outbox = createOutbox({ journal: slow, timeline: datedTimeline, liveFirst: true });
  const accepted = [1, 2].map((n) => outbox.accept({ taken: takenAt(n), readings: { n } }));
  await clock.settle();
  for (const [at, resolve] of written.toReversed().entries()) {
    resolve();
    await accepted[1 - at];
  }
  const [older] = await outbox.backlog(1);
  if (!older) expect.fail("nothing waits");
  expect(older.readings).toEqual({ n: 1 });
  outbox.take([older]);
  expect(outbox.hasLive).toBe(true);
  expect((await outbox.live())?.readings).toEqual({ n: 2 });
});

it("a sample that comes while the newest of a former run is looked for is live as well", async () => {
  const { clock, journal } = anOutbox();
  await journal.append({ taken: takenAt(1), readings: { n: 1 } });
  const looking = Promise.withResolvers<void>();
  const slow: Journal = {
    ...journal,
    async newest() {
      const found = await journal.newest();
      await looking.promise;
      return found;
    },
  };
  const outbox = createOutbox({ journal: slow, timeline: datedTimeline, liveFirst: true });
  const first = outbox.live();
  await clock.settle();
  await outbox.accept({ taken: takenAt(2), readings: { n: 2 } });
  looking.resolve();
  const older = (await first) ?? expect.fail("nothing is live");
  await outbox.settle([older]);
  expect((await outbox.live())?.readings).toEqual({ n: 2 });
});
