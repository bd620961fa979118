import { expect } from "vitest";
import { createCoapClient } from "../../agent/coap/client.ts";
import { CoapError } from "../../agent/coap/coap-error.ts";
import type { Random } from "../../agent/ports.ts";
import { type CoapMessage, decode, encode, textBytes } from "../support/coap-bytes.ts";
import { textOf } from "../support/coap-rig.ts";
import type { LinkFaults } from "../support/faulty-link.ts";
import { memoryNetwork, type Reply } from "../support/memory-network.ts";
import { memoryThingsBoard } from "../support/memory-thingsboard.ts";
import { recordingLog } from "../support/recording-log.ts";
import { sampleLedger } from "../support/sample-ledger.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

const server = { host: "192.0.2.1", port: 5683 };
const lossy = { loss: 0.3, duplicate: 0.1, reorder: 0.2, holdMs: 30, delayMs: 50, jitterMs: 20 };
const MOST_MEAN_MS = 6_000;

proof(11, "30 % loss each way costs time, never a report", async ({ seed, count }) => {
  const reports = count(1_000);
  const clock = virtualClock(undefined, { turns: 1 });
  const random = seededRandom(seed);
  const network = memoryNetwork({ clock, random, faults: lossy });
  const ledger = sampleLedger(reports);
  const board = memoryThingsBoard({ network, clock, random, store: ledger.stored });
  board.listen(server);
  board.devices.set("board", "token");
  const client = createCoapClient({ network, clock, random, server, log: recordingLog() });
  const { signal } = new AbortController();
  const post = async (payload: Uint8Array): Promise<boolean> => {
    try {
      const path = ["api", "v1", "token", "telemetry"];
      const { code } = await client.request({ method: "POST", path, payload }, signal);
      expect(code).toBe("2.01");
      return true;
    } catch (error) {
      if (error instanceof CoapError && error.failure === "timeout") return false;
      throw error;
    }
  };

  const startMs = clock.monotonic();
  let tries = 0;
  let delivered = 0;
  const falseAcks: number[] = [];
  const publishing = (async () => {
    for (let ts = 1; ts <= reports; ts++) {
      const values = { n: ts };
      ledger.accepted(ts, values);
      const payload = textBytes(JSON.stringify({ ts, values }));
      do tries++;
      while (!(await post(payload)));
      delivered++;
      if (ledger.counts.complete !== ts) falseAcks.push(ts);
    }
  })();
  await clock.until(() => delivered === reports, reports * 60_000);
  await publishing;
  const meanMs = (clock.monotonic() - startMs) / reports;
  expect(falseAcks).toEqual([]);
  expect(ledger.faults).toEqual([]);
  expect(ledger.counts.complete).toBe(reports);
  expect(meanMs).toBeLessThanOrEqual(MOST_MEAN_MS);
  await client[Symbol.asyncDispose]();
  const seconds = (meanMs / 1_000).toFixed(1);
  return `${reports} reports in ${tries} requests, 0 lost, 0 false acks, ${seconds} s each`;
});

interface Weather {
  readonly name: string;
  readonly faults: Partial<LinkFaults>;
  /** 100,000 together. */
  readonly exchanges: number;
  /** Share of the requests that must be answered within their deadline. */
  readonly answered: number;
  /** So late that even the memory of finished requests has gone: what comes then is met with RST. */
  readonly outlivesTokens: boolean;
}

const weathers: readonly Weather[] = [
  {
    name: "30 % loss each way, duplicates and reordering",
    faults: lossy,
    exchanges: 20_000,
    answered: 0.7,
    outlivesTokens: false,
  },
  {
    // MAX_LATENCY is 100 s each way (RFC 7252 §4.8.2).
    name: "up to 200 s late and doubled",
    faults: { duplicate: 0.5, delayMs: 10, reorder: 0.5, holdMs: 20_000, jitterMs: 79_990 },
    exchanges: 40_000,
    answered: 0.001,
    outlivesTokens: false,
  },
  {
    name: "up to 300 s late and doubled",
    faults: { duplicate: 0.5, delayMs: 10, reorder: 0.5, holdMs: 139_990, jitterMs: 10_000 },
    exchanges: 40_000,
    answered: 0.05,
    outlivesTokens: true,
  },
];

for (const weather of weathers) {
  proof(
    12,
    `${weather.name}: no request takes the answer of another, and each settles once`,
    async ({ random, count }) => {
      const requests = count(weather.exchanges);
      const { succeeded, late } = await exchanges(weather, requests, random);
      return `${weather.name}: ${requests} exchanges, ${succeeded} answered, ${late} answers too late, 0 false acks`;
    },
  );
}

/** Requests one after the other to a server that keeps no message IDs, which is the worst case. */
async function exchanges(weather: Weather, requests: number, random: Random) {
  const { faults, answered, outlivesTokens } = weather;
  const clock = virtualClock(undefined, { turns: 1 });
  const network = memoryNetwork({ clock, random, faults });
  const processed = new Set<string>();
  let mid = 0;

  /** The four legal shapes of an answer, by chance (RFC 7252 §5.2). */
  const answer = (request: CoapMessage, reply: Reply) => {
    const { token, payload } = request;
    const response = { code: "2.04", token, payload };
    const emptyAck = encode({ type: "ACK", code: "0.00", mid: request.mid });
    const separate = () => encode({ ...response, type: "CON", mid: mid++ & 0xffff });
    const shape = Math.floor(random.fraction() * 4);
    if (shape === 0) return reply(encode({ ...response, type: "ACK", mid: request.mid }));
    if (shape === 1) reply(emptyAck);
    reply(separate());
    if (shape === 3) reply(emptyAck);
  };
  network.listen(server, (datagram, reply) => {
    const request = decode(datagram);
    if (request.code !== "0.02") return;
    processed.add(textOf(request.payload));
    answer(request, reply);
  });

  const client = createCoapClient({ network, clock, random, server, log: recordingLog() });
  const { signal } = new AbortController();
  let succeeded = 0;
  let failed = 0;
  const wrong: string[] = [];
  const publish = async () => {
    for (let count = 0; count < requests; count++) {
      const id = `sample ${count}`;
      try {
        const payload = textBytes(id);
        const response = await client.request({ method: "POST", path: ["t"], payload }, signal);
        succeeded++;
        if (textOf(response.payload) !== id || !processed.has(id)) wrong.push(id);
      } catch (error) {
        if (!(error instanceof CoapError && error.failure === "timeout")) throw error;
        failed++;
      }
    }
  };
  const publishing = publish();
  await clock.until(() => succeeded + failed === requests, requests * 60_000);
  await publishing;
  expect(wrong).toEqual([]);
  expect(succeeded / requests).toBeGreaterThanOrEqual(answered);
  // What is still on its way, there and back and acknowledged, and then what is kept of it.
  await clock.advance(3 * 300_000 + 248_000);
  const stats = client.stats();
  const nothing = { outstanding: 0, queued: 0, registering: 0, deduplicated: 0, retiredTokens: 0 };
  expect(stats).toMatchObject(nothing);
  // Every answer was to a token of ours, live or retired: a RST would end observations.
  if (!outlivesTokens) expect(stats.resetsSent).toBe(0);
  expect(stats.late, "answers that came after their request").toBeGreaterThan(requests / 20);
  await client[Symbol.asyncDispose]();
  expect(clock.pending).toBe(0);
  return { succeeded, late: stats.late };
}
