import { expect, onTestFailed, test } from "vitest";
import { createCoapClient } from "../../agent/coap/client.ts";
import { CoapError } from "../../agent/coap/coap-error.ts";
import { type CoapMessage, decode, encode, textBytes } from "../support/coap-bytes.ts";
import { textOf } from "../support/coap-rig.ts";
import type { LinkFaults } from "../support/faulty-link.ts";
import { memoryNetwork, type Reply } from "../support/memory-network.ts";
import { recordingLog } from "../support/recording-log.ts";
import { chosenSeed, seededRandom } from "../support/seeded-random.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const REQUESTS = 2_000;

interface Weather {
  readonly name: string;
  readonly faults: Partial<LinkFaults>;
  /** Share of the requests that must be answered within their deadline. */
  readonly answered: number;
}

const weathers: readonly Weather[] = [
  {
    name: "30 % loss each way, duplicates and reordering",
    faults: { loss: 0.3, duplicate: 0.1, reorder: 0.2, holdMs: 30, delayMs: 50, jitterMs: 20 },
    answered: 0.7,
  },
  {
    // MAX_LATENCY is 100 s each way (RFC 7252 §4.8.2).
    name: "answers up to 200 s late and doubled",
    faults: { duplicate: 0.5, delayMs: 10, reorder: 0.5, holdMs: 20_000, jitterMs: 79_990 },
    answered: 0.001,
  },
];

test.each(weathers)(
  "$name: no request takes the answer of another, and each settles once",
  async ({ faults, answered }) => {
    const seed = chosenSeed();
    onTestFailed(() => void process.stderr.write(`run again with PIPIT_TEST_SEED=${seed}\n`));
    const clock = virtualClock();
    const random = seededRandom(seed);
    const network = memoryNetwork({ clock, random, faults });
    const server = { host: "192.0.2.1", port: 5683 };
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
    // It keeps no message IDs: every copy of a request is answered anew, which is the worst case.
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
      for (let count = 0; count < REQUESTS; count++) {
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
    await clock.until(() => succeeded + failed === REQUESTS, REQUESTS * 60_000);
    await publishing;
    expect(wrong).toEqual([]);
    expect(succeeded / REQUESTS).toBeGreaterThanOrEqual(answered);
    // What is still on its way, there and back and acknowledged, and then what is kept of it.
    await clock.advance(3 * 300_000 + 248_000);
    expect(client.stats()).toMatchObject({
      outstanding: 0,
      queued: 0,
      registering: 0,
      deduplicated: 0,
      retiredTokens: 0,
      // Every answer was to a token of ours, live or retired: a RST would end observations.
      resetsSent: 0,
    });
    expect(client.stats().late, "answers that came after their request").toBeGreaterThan(100);
    await client[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  },
);
