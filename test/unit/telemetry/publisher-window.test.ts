import { expect, it } from "vitest";
import { AgentError } from "../../../agent/errors.ts";
import type { RefusedSample } from "../../../agent/ports.ts";
import { createOutbox } from "../../../agent/telemetry/outbox.ts";
import { createPublisher } from "../../../agent/telemetry/publisher.ts";
import { createDeviceApi } from "../../../agent/thingsboard/device-api.ts";
import { aJournal, datedTimeline, takenAt } from "../../support/a-journal.ts";
import { type Answer, answer, fakeServer, textOf } from "../../support/fake-server.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const silence = new AgentError("transient", "no answer");

/** Samples of one message each, and a server that answers when, and what, the test says. */
async function windowOf(samples: number, keep = (_refused: RefusedSample) => {}) {
  const clock = virtualClock();
  const log = recordingLog();
  const journal = aJournal(clock);
  const outbox = createOutbox({ journal, timeline: datedTimeline, liveFirst: true });
  const open: { readonly values: number[]; readonly reply: (answer: Answer) => void }[] = [];
  const sent: number[] = [];
  const server = fakeServer((request) => {
    const values = [...textOf(request).matchAll(/"v":(\d+)/g)].map(([, v]) => Number(v));
    sent.push(...values);
    // -1: the half of a sample without its number
    return new Promise((reply) => open.push({ values: values.length > 0 ? values : [-1], reply }));
  });
  let taken = 0;
  const accept = () =>
    outbox.accept({
      taken: takenAt(clock.now() + taken),
      readings: { v: taken++, text: "x".repeat(900) },
    });
  for (let n = 0; n < samples; n++) await accept();
  const publisher = createPublisher({
    onServerFault() {},
    api: createDeviceApi(server),
    ...{ outbox, clock, log },
    serialise: { precision: 3, isDecimal: () => false },
    intervalMs: 10_000,
    maxPerSecond: null,
    aside: { keep },
    random: { fraction: () => 0.5 },
  });
  const stop = new AbortController();
  const outcomes: unknown[] = [];
  /** The device loop: one call after the other. */
  const running = (async () => {
    while (!stop.signal.aborted) {
      await outbox.waiting(stop.signal);
      outcomes.push(
        await publisher.publish({ accessToken: "t" }, stop.signal).catch((error: unknown) => error),
      );
      if (outcomes.at(-1) instanceof Error) await clock.settle();
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  await clock.settle();
  const reply = async (value: number, code: string | AgentError = "2.01") => {
    const index = open.findIndex(({ values }) => values.includes(value));
    const [found] = open.splice(index, 1);
    if (index < 0 || !found) expect.fail(`sample ${value} is not under way`);
    found.reply(typeof code === "string" ? answer(code) : code);
    await clock.settle();
  };
  const underWay = () => open.map(({ values }) => values);
  const end = async () => {
    stop.abort(new Error("stopped"));
    for (const { reply: last } of open) last(silence);
    await running;
  };
  return { clock, journal, accept, reply, underWay, sent, outcomes, end, log };
}

it("tries one message until the server has answered, then sends four of the backlog at once", async () => {
  const { reply, underWay, end } = await windowOf(20);
  expect(underWay()).toEqual([[19]]);
  await reply(19);
  expect(underWay()).toEqual([[0], [1], [2], [3]]);
  await end();
});

it("has a place for live data beside a full window, and sends nothing twice at once", async () => {
  const { reply, underWay, accept, sent, journal, clock, end } = await windowOf(12);
  await reply(11);
  await accept();
  await clock.settle();
  expect(underWay()).toEqual([[0], [1], [2], [3], [12]]);
  for (const value of [3, 12, 1]) await reply(value); // in any order
  await clock.advance(60_000);
  while (underWay().length > 0) {
    for (const values of underWay()) await reply(values[0] ?? -1);
    await clock.advance(60_000);
  }
  expect(sent.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 13 }, (_, i) => i));
  expect(journal.stats()).toMatchObject({ waiting: 0, dropped: 0 });
  await end();
});

it("a report without a backlog is one message, and arms no timer", async () => {
  const { reply, underWay, accept, clock, end } = await windowOf(1);
  await reply(0);
  await accept();
  await clock.settle();
  await accept(); // while the other is under way: it waits for its turn, as there is no backlog
  await clock.settle();
  expect(underWay()).toEqual([[1]]);
  expect(clock.pending).toBe(0);
  await end();
});

it("one message lost among others that arrive is no outage: it is sent again", async () => {
  const { reply, underWay, outcomes, clock, end } = await windowOf(20);
  await reply(19);
  await reply(1);
  await reply(0, silence);
  expect(outcomes).toEqual(["delivered", "delivered", "again"]);
  await clock.advance(60_000);
  expect(underWay()).toContainEqual([0]);
  await end();
});

it("one that is told to wait among others that arrive is told: the server wants to be left alone", async () => {
  const { reply, outcomes, end } = await windowOf(20);
  const options = { code: "P029", retryAfterMs: 60_000 };
  const limited = new AgentError("transient", "the server limits the rate (4.29)", options);
  await reply(19);
  await reply(1);
  await reply(0, limited);
  expect(outcomes).toEqual(["delivered", "delivered", limited]);
  await end();
});

const askedFor = (seconds: number) =>
  new AgentError("transient", `again in ${seconds} s`, {
    code: "P029",
    retryAfterMs: seconds * 1_000,
  });

it.each([
  ["has failed by silence", silence, 2],
  ["was told to wait for less", askedFor(5), 2],
  ["was told to wait for longer", askedFor(900), 1],
])(
  "what another asks for that left before one which %s is told only if it is longer",
  async (_what, first, told) => {
    const { reply, outcomes, clock, end } = await windowOf(20);
    await reply(19);
    await reply(0, first);
    await clock.advance(5);
    await reply(1, askedFor(600));
    await clock.advance(5);
    await reply(2, askedFor(600)); // says nothing new
    expect(outcomes.filter((outcome) => outcome instanceof Error)).toHaveLength(told);
    await end();
  },
);

it("one failure of several under way is told, not each of them", async () => {
  const { reply, outcomes, underWay, end } = await windowOf(20);
  await reply(19);
  await reply(0, silence);
  for (const value of [1, 2, 3]) await reply(value, silence);
  expect(outcomes.filter((outcome) => outcome === silence)).toHaveLength(1);
  expect(underWay()).toHaveLength(1);
  await end();
});

it("4.01 to four messages at once counts once", async () => {
  const { reply, outcomes, end } = await windowOf(20);
  await reply(19);
  for (const value of [0, 1, 2, 3]) await reply(value, "4.01");
  const refusals = outcomes.filter(
    (outcome) => outcome instanceof AgentError && outcome.kind === "unauthorized",
  );
  expect(refusals).toHaveLength(1);
  await end();
});

it("a disk that takes no copy of a refused reading costs the copy alone", async () => {
  const { reply, underWay, journal, clock, log, end } = await windowOf(3, () => {
    throw new AgentError("storage", "refused.jsonl could not be written");
  });
  await reply(2);
  while (underWay().length > 0) {
    for (const [value = -1] of underWay()) await reply(value, value === 0 ? "4.00" : "2.01");
    await clock.advance(10_000);
  }
  expect(journal.stats()).toMatchObject({ waiting: 0, droppedBy: { refused: 1 } });
  expect(log.lines).toContainEqual(
    expect.objectContaining({ event: "a refused reading could not be set aside" }),
  );
  await end();
});

it("a server that cannot be reached is asked once for each call", async () => {
  const clock = virtualClock();
  const journal = aJournal(clock);
  const outbox = createOutbox({ journal, timeline: datedTimeline, liveFirst: true });
  for (let v = 0; v < 100; v++) await outbox.accept({ taken: takenAt(1 + v), readings: { v } });
  const server = fakeServer(() => silence);
  const publisher = createPublisher({
    onServerFault() {},
    api: createDeviceApi(server),
    ...{ outbox, clock, log: recordingLog(), aside: { keep() {} } },
    serialise: { precision: 3, isDecimal: () => false },
    intervalMs: 10_000,
    maxPerSecond: null,
    random: { fraction: () => 0.5 },
  });
  const { signal } = new AbortController();
  for (let call = 1; call <= 3; call++) {
    await expect(publisher.publish({ accessToken: "t" }, signal)).rejects.toBe(silence);
    expect(server.requests).toHaveLength(call);
  }
});
