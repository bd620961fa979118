import { expect, it } from "vitest";
import type { Moment } from "../../../agent/ports.ts";
import { createOutbox } from "../../../agent/telemetry/outbox.ts";
import { aJournal, takenAt } from "../../support/a-journal.ts";
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
