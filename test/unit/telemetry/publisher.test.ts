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

const never = new AbortController().signal;

const outcomeOf = (published: Promise<unknown>) => published.catch((error: unknown) => error);

async function publisherWith(
  samples: number,
  respond: (values: number[]) => Answer,
  maxPerSecond: number | null = null,
) {
  const clock = virtualClock();
  const log = recordingLog();
  const journal = aJournal(clock);
  const outbox = createOutbox({ journal, timeline: datedTimeline, liveFirst: true });
  const sent: number[][] = [];
  const aside: RefusedSample[] = [];
  const server = fakeServer((request) => {
    const values = [...textOf(request).matchAll(/"v":(\d+)/g)].map(([, v]) => Number(v));
    sent.push(values);
    return respond(values);
  });
  for (let v = 0; v < samples; v++)
    await outbox.accept({ taken: takenAt(clock.now() + v), readings: { v } });
  const publisher = createPublisher({
    onServerFault() {},
    api: createDeviceApi(server),
    outbox,
    serialise: { precision: 3, isDecimal: () => false },
    intervalMs: 10_000,
    maxPerSecond,
    aside: { keep: (refused) => void aside.push(refused) },
    clock,
    random: { fraction: () => 0.999 },
    log,
  });
  /** One outcome; pauses that it makes pass at once. */
  const publish = async () => {
    const outcome = outcomeOf(publisher.publish({ accessToken: "t" }, never));
    let settled = false;
    void outcome.then(() => {
      settled = true;
    });
    await clock.until(() => settled);
    return await outcome;
  };
  const stats = () => journal.stats();
  return { clock, publish, outbox, sent, aside, log, stats, waiting: () => stats().waiting };
}

it("settles only what a 2.xx has acknowledged", async () => {
  let code = "5.00";
  const { publish, waiting, sent } = await publisherWith(3, () => answer(code));
  for (let i = 0; i < 4; i++) await publish();
  expect(await publish()).toMatchObject({ kind: "transient" });
  expect(waiting()).toBe(3);
  code = "2.01";
  while (waiting() > 0) await publish();
  expect(sent.slice(0, 3)).toEqual([[2, 0, 1], [2, 0], [2]]);
  expect(sent.slice(-2)).toEqual([[2], [0, 1]]);
});

it("halves the message on 5.00, which is also ThingsBoard's rate limit, and grows it again", async () => {
  let refusing = true;
  const { publish, waiting, sent } = await publisherWith(80, (values) =>
    refusing && values.length > 3 ? answer("5.00") : answer("2.01"),
  );
  for (let i = 0; i < 5; i++) await publish();
  expect(sent.map(({ length }) => length).slice(0, 5)).toEqual([26, 13, 7, 4, 2]);
  refusing = false;
  while (waiting() > 0) await publish();
  expect(Math.max(...sent.slice(5).map(({ length }) => length))).toBeGreaterThan(3);
});

it("is heard of once a minute, however long nothing may leave", async () => {
  const { publish, waiting } = await publisherWith(200, () => answer("2.01"), 1 / 1_440);
  const outcomes: unknown[] = [];
  while (waiting() > 0 && outcomes.length < 30) outcomes.push(await publish());
  expect(outcomes.filter((outcome) => outcome === "again").length).toBeGreaterThan(20);
});

it("silence does not shrink the message: it says nothing about its size", async () => {
  let silent = true;
  const { publish, sent } = await publisherWith(12, () =>
    silent ? new AgentError("transient", "no answer") : answer("2.01"),
  );
  for (let i = 0; i < 5; i++) await publish();
  silent = false;
  await publish();
  expect(sent.at(-1)).toEqual(sent.at(0));
});

it("bisects a refused message down to the one sample, drops and counts that, delivers the rest", async () => {
  const poison = 5;
  const delivered: number[] = [];
  const { publish, waiting, sent, log } = await publisherWith(8, (values) => {
    if (values.includes(poison)) return answer("4.00");
    delivered.push(...values);
    return answer("2.01");
  });
  while (waiting() > 0) await publish();
  expect(delivered.sort()).toEqual([0, 1, 2, 3, 4, 6, 7]);
  expect(sent.length).toBeLessThanOrEqual(10);
  expect(log.lines.filter(({ level }) => level === "error")).toMatchObject([
    { fields: { keys: "v" } },
  ]);
});

it("keeps everything on 4.01: the token is at fault, not the samples", async () => {
  const { publish, waiting } = await publisherWith(2, () => answer("4.01"));
  expect(await publish()).toMatchObject({ kind: "unauthorized" });
  expect(waiting()).toBe(2);
});

it("names a reading that can never be sent once", async () => {
  const { publish, outbox, log, waiting } = await publisherWith(0, () => answer("2.01"));
  for (let i = 1; i <= 3; i++)
    await outbox.accept({ taken: takenAt(i), readings: { "bad key": 1, v: i } });
  while (waiting() > 0) await publish();
  expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
});

it("has nothing to do when nothing waits", async () => {
  const { publish, sent } = await publisherWith(0, () => answer("2.01"));
  expect(await publish()).toBe("empty");
  expect(sent).toEqual([]);
});

it("a server that refuses everything costs no sample: that is no fault of theirs", async () => {
  let refusing = true;
  const { publish, waiting, log } = await publisherWith(6, () =>
    answer(refusing ? "4.00" : "2.01"),
  );
  const outcomes: unknown[] = [];
  for (let i = 0; i < 20; i++) outcomes.push(await publish());
  expect(waiting()).toBe(6);
  expect(outcomes.at(-1)).toMatchObject({
    kind: "transient",
    code: "P030",
    hint: expect.stringContaining("device profile"),
  });
  refusing = false;
  while (waiting() > 0) await publish();
  expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
});

it("a single poisoned sample waits until another has proven that it is the culprit", async () => {
  const { publish, outbox, waiting } = await publisherWith(1, (values) =>
    answer(values.includes(0) ? "4.00" : "2.01"),
  );
  expect(await publish()).toMatchObject({ code: "P030" });
  expect(waiting()).toBe(1);
  await outbox.accept({ taken: takenAt(9_999_999), readings: { v: 7 } });
  for (let i = 0; i < 4 && waiting() > 0; i++) await publish();
  expect(waiting()).toBe(0);
});
