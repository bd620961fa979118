import { createSocket } from "node:dgram";
import { once } from "node:events";
import { systemClock } from "../../agent/platform/clock.ts";
import { createChance } from "../../agent/sandbox/chance.ts";
import { newCounters } from "../../agent/sandbox/counters.ts";
import { createFaultSwitches } from "../../agent/sandbox/faults.ts";
import { openSecureLink } from "../../agent/sandbox/secure-link.ts";
import { type Arrivals, createArrivals } from "./arrivals.ts";
import { block1Of, block1Option } from "./block1.ts";

export interface Acker extends Arrivals, AsyncDisposable {
  readonly port: number;
  /** Telemetry of these tokens is not answered, nor counted. */
  readonly silent: Set<string>;
}

const POST = 0x02;
const PAYLOAD_MARKER = 0xff;

/**
 * The server of the benchmark: answers at once and does nothing else, so that all contenders pay for themselves only. A POST
 * is 2.01, a GET 2.05 with {}, both piggybacked, as ThingsBoard answers a device that it knows.
 */
function createAnswers(tokens: readonly string[]) {
  const arrivals = createArrivals();
  const silent = new Set<string>();
  const answerTo = (datagram: Buffer): Buffer | null => {
    const [first = 0, code] = datagram;
    if (first >> 4 !== 0b0100) return null; // only what is confirmable asks for an answer
    const head = 4 + (first & 0x0f); // message ID and token
    const answer = Buffer.from(datagram.subarray(0, head));
    answer[0] = 0x60 | (first & 0x0f);
    answer[1] = code === POST ? 0x41 : 0x45;
    const body = code === POST ? Buffer.alloc(0) : Buffer.from("\xff{}", "latin1");

    if (silent.size > 0 && [...silent].some((token) => datagram.includes(token))) return null;
    const block = code === POST ? block1Of(datagram, head) : null;
    if (block?.hasMore === true) {
      answer[1] = 0x5f; // 2.31 Continue
      return Buffer.concat([answer, block1Option(block.value)]);
    }
    const path = datagram.indexOf("telemetry");
    const token = tokens.find((candidate) => datagram.includes(candidate));
    if (path >= 0 && token !== undefined) {
      const json = Buffer.from(datagram.subarray(datagram.indexOf(PAYLOAD_MARKER, path) + 1));
      arrivals.add(token, { atMs: performance.now(), bytes: datagram.length, json });
    }
    return Buffer.concat([answer, block === null ? body : block1Option(block.value)]);
  };
  return { arrivals, silent, answerTo };
}

/** For `coap://`. Answers after `delayMs`: a round trip of that length. */
export async function startAcker(
  tokens: readonly string[],
  { host = "127.0.0.1", delayMs = 0 }: { readonly host?: string; readonly delayMs?: number } = {},
): Promise<Acker> {
  const { arrivals, silent, answerTo } = createAnswers(tokens);
  const socket = createSocket("udp4");
  let isClosed = false;
  socket.on("message", (datagram, peer) => {
    const answer = answerTo(datagram);
    if (answer === null) return;
    const send = () => socket.send(answer, peer.port, peer.address);
    if (delayMs === 0) send();
    else setTimeout(() => isClosed || send(), delayMs);
  });
  socket.bind(0, host);
  await once(socket, "listening");
  return {
    ...arrivals,
    silent,
    port: socket.address().port,
    async [Symbol.asyncDispose]() {
      isClosed = true;
      socket.close();
      await once(socket, "close");
    },
  };
}

/** For `coaps://`, with a certificate for this name by an authority (PEM) of its own. */
export async function startSecureAcker(
  tokens: readonly string[],
  host: string,
  serverName: string,
): Promise<Acker & { readonly authority: string }> {
  const { arrivals, silent, answerTo } = createAnswers(tokens);
  const deps = {
    host,
    port: 0,
    clock: systemClock,
    chance: createChance(1),
    faults: createFaultSwitches({}),
    counters: newCounters(),
  };
  const link = await openSecureLink(
    {
      ...deps,
      received(plaintext, peer) {
        const answer = answerTo(Buffer.from(plaintext));
        if (answer) link.send(answer, peer);
      },
      lost() {},
      shookHands() {},
    },
    [serverName],
  );
  return {
    ...arrivals,
    silent,
    port: link.port,
    authority: link.authority,
    [Symbol.asyncDispose]: () => link.close(),
  };
}
