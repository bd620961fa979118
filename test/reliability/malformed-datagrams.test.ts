import { getHeapStatistics } from "node:v8";
import { expect, onTestFinished } from "vitest";
import { createCoapClient } from "../../agent/coap/client.ts";
import { CoapError } from "../../agent/coap/coap-error.ts";
import type { ChannelEvents, CoapRequest, Network } from "../../agent/ports.ts";
import {
  blockOf,
  blockOption,
  type CoapMessage,
  decode,
  encode,
  optionNumbers,
  optionOf,
  textBytes,
  uintOption,
} from "../support/coap-bytes.ts";
import { mutate, mutateStructure } from "../support/coap-mutations.ts";
import { textOf } from "../support/coap-rig.ts";
import { collectGarbage } from "../support/garbage.ts";
import { memoryNetwork } from "../support/memory-network.ts";
import { recordingLog } from "../support/recording-log.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

/** By this share of the datagrams every table is as full as it may get, and the code is compiled. */
const WARM_UP = 0.2;
const LIMIT_MS = 5;
const { block1, block2, observe } = optionNumbers;
const bigBody = textBytes("x".repeat(3_000));

/** What a well-behaved server answers; the starting point of the mutations as well. */
function genuineAnswer(request: CoapMessage, mid: number, type: "ACK" | "CON" | "NON"): Uint8Array {
  const up = blockOf(request, block1);
  const asked = blockOf(request, block2)?.num ?? 0;
  const isBig = request.options.some(({ value }) => textOf(value) === "big");
  const payload = isBig ? bigBody.slice(asked * 1_024, (asked + 1) * 1_024) : textBytes("genuine");
  return encode({
    type,
    mid,
    token: request.token,
    code: up?.more ? "2.31" : "2.05",
    options: [
      ...(optionOf(request, observe) ? [uintOption(observe, 1)] : []),
      ...(up ? [blockOption(block1, up)] : []),
      ...(isBig ? [blockOption(block2, { num: asked, more: asked < 2, szx: 6 })] : []),
    ],
    payload: up?.more ? new Uint8Array() : payload,
  });
}

/**
 * The time that each datagram takes, as far as the thread was at work: a datagram during which the kernel booked no CPU time
 * for it was waiting for other processes. A garbage collection that falls into a datagram is not its work either; the heap
 * shrank then.
 */
function measured(network: Network, used: (ms: number, datagram: Uint8Array) => void): Network {
  const watch = (events: ChannelEvents): ChannelEvents => ({
    ...events,
    received(datagram) {
      const heapBefore = getHeapStatistics().used_heap_size;
      const cpuBefore = process.threadCpuUsage();
      const startMs = performance.now();
      events.received(datagram);
      const tookMs = performance.now() - startMs;
      const { user, system } = process.threadCpuUsage(cpuBefore);
      const collected = getHeapStatistics().used_heap_size < heapBefore;
      if (user + system > 0 && !collected) used(tookMs, datagram);
    },
  });
  return {
    resolve: network.resolve,
    connect: (address, events) => network.connect(address, watch(events)),
  };
}

const requests: readonly CoapRequest[] = [
  { method: "GET", path: ["attributes"] },
  { method: "POST", path: ["telemetry"], payload: textBytes('{"a":1}'), contentFormat: 50 },
  { method: "POST", path: ["upload"], payload: bigBody },
  { method: "GET", path: ["big"] },
  { method: "POST", path: ["telemetry"], payload: textBytes("[]"), confirmable: false },
];

proof(
  15,
  "mutated datagrams of the right peer harm neither the client nor its requests",
  async ({ seed, count }) => {
    const datagrams = count(100_000);
    const first = await storm(seed, datagrams);
    // On virtual time the same seed is the same storm: what the datagram is to blame for happens again, what the machine
    // is to blame for does not.
    const again = first.slow.size > 0 ? await storm(seed, datagrams) : first;
    const guilty = [...first.slow].filter(([datagram]) => again.slow.has(datagram));
    expect(guilty, `over ${LIMIT_MS} ms twice`).toEqual([]);
    const kib = Math.round(first.grownBytes / 1_024);
    return `${first.mutated} datagrams, 0 exceptions, ${guilty.length} over ${LIMIT_MS} ms, heap ${kib} KiB more`;
  },
);

interface Storm {
  /** Datagrams, in hexadecimal, that took longer than allowed, and how long. */
  readonly slow: ReadonlyMap<string, number>;
  readonly mutated: number;
  readonly grownBytes: number;
}

async function storm(seed: number, datagrams: number): Promise<Storm> {
  const uncaught: unknown[] = [];
  const note = (error: unknown) => uncaught.push(error);
  process.on("unhandledRejection", note).on("uncaughtException", note);
  onTestFinished(() => {
    process.off("unhandledRejection", note).off("uncaughtException", note);
  });

  const clock = virtualClock();
  const random = seededRandom(seed);
  const network = memoryNetwork({ clock, random });
  const server = { host: "192.0.2.1", port: 5683 };
  const slow = new Map<string, number>();
  let hostile = true;
  let mutated = 0;
  let mid = 0;
  let observation: CoapMessage | undefined;

  const stormOf = (request: CoapMessage): Uint8Array[] => {
    const notification = observation ?? request;
    const valid = [
      genuineAnswer(request, request.mid, "ACK"),
      genuineAnswer(request, mid++ & 0xffff, "CON"),
      genuineAnswer(request, mid++ & 0xffff, "NON"),
      encode({ type: "ACK", code: "0.00", mid: request.mid }),
      encode({ type: "RST", code: "0.00", mid: request.mid }),
      encode({ type: "CON", code: "0.00", mid: mid++ & 0xffff }),
      encode({
        type: "CON",
        code: "2.05",
        mid: mid++ & 0xffff,
        token: notification.token,
        options: [
          uintOption(observe, mid & 0xffff),
          blockOption(block2, { num: 0, more: true, szx: 2 }),
        ],
        payload: random.bytes(64),
      }),
    ];
    // One request in four meets blind damage alone, so that many live on to their genuine answer.
    const blindOnly = random.fraction() < 0.25;
    return Array.from({ length: 40 }, () => {
      const base = valid[Math.floor(random.fraction() * valid.length)] ?? new Uint8Array();
      return blindOnly || random.fraction() < 0.5
        ? mutate(base, random)
        : mutateStructure(base, random);
    });
  };

  network.listen(server, (datagram, reply) => {
    // Throws when our client sends something malformed.
    const request = decode(datagram);
    if (request.type === "ACK" || request.type === "RST" || request.code === "0.00") return;
    if (optionOf(request, observe)?.length === 0) observation = request;
    if (hostile) {
      for (const bytes of stormOf(request)) {
        mutated++;
        reply(bytes);
      }
    }
    reply(genuineAnswer(request, request.mid, request.type === "CON" ? "ACK" : "NON"));
  });

  const client = createCoapClient({
    network: measured(network, (ms, datagram) => {
      if (ms > LIMIT_MS) slow.set(Buffer.from(datagram).toString("hex"), ms);
    }),
    clock,
    random,
    server,
    settings: { observeBackoff: { baseMs: 100, maxMs: 1_000 } },
    log: { ...recordingLog(), ...silent },
  });
  const ending = new AbortController();
  let notifications = 0;
  const watching = (async () => {
    for await (const item of client.observe(["attributes"], ending.signal))
      if (item.kind === "notification") notifications++;
  })().catch(note);

  const settled = { answered: 0, genuine: 0, failed: 0 };
  const ask = async (request: CoapRequest) => {
    try {
      const { payload } = await client.request(request, ending.signal);
      settled.answered++;
      if (["genuine", textOf(bigBody)].includes(textOf(payload))) settled.genuine++;
    } catch (error) {
      if (!(error instanceof CoapError)) throw error;
      settled.failed++;
    }
  };
  let asked = 0;
  const fuzz = async (until: number) => {
    while (mutated < until) {
      const request = requests[asked++ % requests.length];
      let done = false;
      const asking = ask(request ?? { method: "GET", path: [] }).finally(() => {
        done = true;
      });
      await clock.until(() => done, 400_000);
      await asking;
      // So that tokens and message IDs grow old as well.
      await clock.advance(500);
    }
    return collectGarbage();
  };

  const early = await fuzz(WARM_UP * datagrams);
  const late = await fuzz(datagrams);
  expect(late - early, "bytes of heap").toBeLessThan(2 * 1_024 * 1_024);
  expect(settled.answered + settled.failed, "every request has settled").toBe(asked);
  expect(settled.genuine).toBeGreaterThan(asked / 10);
  expect(notifications, "the mutations reach the observation").toBeGreaterThan(datagrams / 1_000);

  hostile = false;
  await clock.advance(10_000);
  const before = settled.genuine;
  const last = ask({ method: "GET", path: ["big"] });
  await clock.until(() => settled.genuine > before, 60_000);
  await last;
  expect(client.stats()).toMatchObject({ outstanding: 0, queued: 0, observations: 1 });
  ending.abort();
  await watching;
  await client[Symbol.asyncDispose]();
  // The end of the observation is still on its way to the server.
  await clock.advance(1);
  expect(uncaught).toEqual([]);
  expect(clock.pending).toBe(0);
  return { slow, mutated, grownBytes: late - early };
}

/** A recorded log would be the leak. */
const nothing = () => {};
const silent = { error: nothing, warn: nothing, notice: nothing, info: nothing, debug: nothing };
