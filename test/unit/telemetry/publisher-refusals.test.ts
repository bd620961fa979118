import { expect, it } from "vitest";
import type { Readings, RefusedSample } from "../../../agent/ports.ts";
import { createOutbox } from "../../../agent/telemetry/outbox.ts";
import { createPublisher } from "../../../agent/telemetry/publisher.ts";
import { createDeviceApi } from "../../../agent/thingsboard/device-api.ts";
import { aJournal, datedTimeline, takenAt } from "../../support/a-journal.ts";
import { answer, fakeServer, textOf } from "../../support/fake-server.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const INTERVAL_MS = 10_000;
const BACK_OFF_MS = 2_000;

/** A publisher, its caller, and a server 50 ms away that answers what `respond` says of the keys it is sent. */
function sendingTo(
  respond: (keys: readonly string[]) => string,
  maxPerSecond?: number,
  afterMs = (_keys: readonly string[]) => 50,
) {
  const clock = virtualClock();
  const journal = aJournal(clock);
  const outbox = createOutbox({ journal, timeline: datedTimeline, liveFirst: true });
  const sent: { readonly atMs: number; readonly samples: number }[] = [];
  const delivered = new Map<string, number>();
  const server = fakeServer(async (request) => {
    const records: { readonly values: Readings }[] = [JSON.parse(textOf(request))].flat();
    const keys = records.flatMap(({ values }) => Object.keys(values));
    sent.push({ atMs: clock.monotonic(), samples: records.length });
    await new Promise<void>((resolve) => clock.after(afterMs(keys), resolve));
    const code = respond(keys);
    if (code === "2.01") for (const key of keys) delivered.set(key, (delivered.get(key) ?? 0) + 1);
    return answer(code);
  });
  const aside: RefusedSample[] = [];
  const publisher = createPublisher({
    onServerFault() {},
    api: createDeviceApi(server),
    ...{ outbox, clock, log: recordingLog() },
    serialise: { precision: 3, isDecimal: () => false },
    intervalMs: INTERVAL_MS,
    maxPerSecond: maxPerSecond ?? null,
    aside: { keep: (refused) => void aside.push(refused) },
    random: { fraction: () => 0.5 },
  });
  const stop = new AbortController();
  const failures: unknown[] = [];
  const pause = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
  const running = (async () => {
    while (!stop.signal.aborted) {
      await outbox.waiting(stop.signal);
      const outcome = await publisher
        .publish({ accessToken: "t" }, stop.signal)
        .catch((error: unknown) => error);
      if (outcome instanceof Error) failures.push(outcome);
      if (outcome instanceof Error || outcome === "empty") await pause(BACK_OFF_MS);
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    ...{ clock, journal, outbox, sent, delivered, aside, failures },
    /** A sample with these keys in every interval. */
    async take(samples: number, keys: readonly string[]) {
      for (let n = 0; n < samples; n++) {
        const readings = Object.fromEntries(keys.map((key) => [key, n]));
        await outbox.accept({ taken: takenAt(clock.now()), readings });
        await clock.advance(INTERVAL_MS);
      }
    },
    async end() {
      stop.abort(new Error("stopped"));
      await clock.advance(BACK_OFF_MS);
      await running;
    },
  };
}

const refusesBad = (keys: readonly string[]) =>
  keys.some((key) => key.startsWith("bad")) ? "4.00" : "2.01";

it.each([
  { keys: ["a", "bad", "b"], most: 3 },
  { keys: ["bad", "a", "b", "c"], most: 3 },
  { keys: ["a", "bad1", "b", "c", "d", "e", "bad2", "f"], most: 5 },
])("$keys in every sample: only the bad are given up, at $most messages each", async (given) => {
  const { keys, most } = given;
  const device = sendingTo(refusesBad);
  const { journal, delivered, aside, failures, sent } = device;
  await device.take(60, keys);
  const [messages, refusals] = [sent.length, failures.length];
  expect(refusals).toBeLessThan(5);
  await device.take(20, keys);
  expect(journal.stats()).toMatchObject({ waiting: 0, droppedBy: { refused: 80 } });
  const good = keys.filter((key) => !key.startsWith("bad"));
  expect(delivered).toEqual(new Map(good.map((key) => [key, 80])));
  expect(aside.every(({ readings }) => /^bad\d?$/.test(Object.keys(readings).join()))).toBe(true);
  expect(sent.length - messages).toBeLessThanOrEqual(20 * most);
  expect(failures).toHaveLength(refusals);
  await device.end();
});

it("a second key that turns bad later is found as well", async () => {
  let bad = ["x"];
  const device = sendingTo((keys) => (keys.some((key) => bad.includes(key)) ? "4.00" : "2.01"));
  await device.take(20, ["a", "x", "b", "y"]);
  bad = ["x", "y"];
  await device.take(40, ["a", "x", "b", "y"]);
  expect(device.journal.stats()).toMatchObject({ waiting: 0, dropped: 60 });
  expect(Object.fromEntries(device.delivered)).toEqual({ a: 60, b: 60, y: 20 });
  await device.end();
});

it("a bad key that comes first is found where a message holds one data point", async () => {
  let respond: typeof refusesBad = () => "2.01";
  const device = sendingTo((keys) => (keys.length > 1 ? "5.00" : respond(keys)));
  await device.take(20, ["bad", "a", "b"]);
  respond = refusesBad;
  await device.take(60, ["bad", "a", "b"]);
  await device.clock.advance(60_000);
  expect(device.journal.stats()).toMatchObject({ waiting: 0, droppedBy: { refused: 60 } });
  expect(Object.fromEntries(device.delivered)).toEqual({ bad: 20, a: 80, b: 80 });
  await device.end();
});

it.each([
  ["none", []],
  ["one", ["bad"]],
])(
  "a server that refuses everything holds up few samples, and loses none; bad keys before: %s",
  async (_, before) => {
    let respond = refusesBad;
    const device = sendingTo((keys) => respond(keys), 1);
    const { journal, outbox, sent, failures, delivered, clock } = device;
    await device.take(20, ["v", ...before]);
    const { dropped } = journal.stats();
    respond = () => "4.00";
    const [messages, attempts] = [sent.length, failures.length];
    await device.take(100, ["v", ...before]);
    const tried = failures.length - attempts;
    expect(tried).toBeGreaterThan(200);
    expect(sent.length - messages).toBeLessThan(tried + 30);
    expect(journal.stats()).toMatchObject({ waiting: 100, dropped });
    expect((await outbox.backlog(200)).length).toBeGreaterThan(80);
    respond = refusesBad;
    const from = sent.length;
    await clock.advance(600_000);
    expect(journal.stats()).toMatchObject({ waiting: 0, dropped: dropped + before.length * 100 });
    expect(delivered.get("v")).toBe(120);
    const after = sent.slice(from);
    // Packed as they fit; samples with a bad key are taken apart one by one.
    if (before.length === 0)
      expect(Math.max(...after.map(({ samples }) => samples))).toBeGreaterThan(20);
    for (const [at, { atMs }] of after.entries()) {
      const within = after.slice(at).filter((later) => later.atMs < atMs + 10_000);
      expect(within.length).toBeLessThanOrEqual(10 + 4);
    }
    await device.end();
  },
);

it("a bad key whose refusal is quicker than the acceptance of others is found as well", async () => {
  const slowly = (keys: readonly string[]) => (keys.includes("bad") ? 50 : 80);
  const device = sendingTo(refusesBad, undefined, slowly);
  await device.take(5, ["a", "b", "c"]);
  await device.take(2, ["bad", "a", "b", "c"]);
  expect(device.failures).toHaveLength(2);
  await device.take(20, ["bad", "a", "b", "c"]);
  expect(device.failures).toHaveLength(2);
  await device.clock.advance(INTERVAL_MS);
  expect(device.journal.stats()).toMatchObject({ waiting: 0, droppedBy: { refused: 22 } });
  await device.end();
});

it("what cannot be sent does not hold up the part of a sample that is refused with it", async () => {
  const many = Array.from({ length: 12 }, (_, n) => `k${n}`);
  let respond: (keys: readonly string[]) => string = (keys) => (keys.length > 4 ? "5.00" : "2.01");
  const device = sendingTo((keys) => respond(keys));
  await device.take(10, many);
  expect(device.journal.stats()).toMatchObject({ waiting: 0 });
  respond = (keys) => (keys.includes("k0") ? "4.00" : "2.01");
  const nowMs = device.clock.now();
  const readings = Object.fromEntries(many.map((key) => [key, 1]));
  await device.outbox.accept({ taken: takenAt(nowMs), readings });
  const unsendable = { text: "x".repeat(9_000) };
  await device.outbox.accept({ taken: takenAt(nowMs + 1), readings: unsendable });
  await device.clock.advance(60_000);
  expect(device.journal.stats()).toMatchObject({ waiting: 0, droppedBy: { refused: 2 } });
  await device.end();
});
