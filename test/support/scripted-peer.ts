import type { SocketAddress } from "../../agent/ports.ts";
import {
  type CoapMessage,
  type CoapOption,
  type CoapType,
  decode,
  encode,
  hexOf,
  textBytes,
} from "./coap-bytes.ts";
import type { MemoryNetwork, Reply } from "./memory-network.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** One datagram that our client sent. */
export interface Heard extends CoapMessage {
  readonly bytes: Uint8Array;
  /** Monotonic virtual milliseconds of its arrival. */
  readonly atMs: number;
  readonly from: SocketAddress;
  readonly reply: Reply;
}

export interface Answer {
  readonly code: string;
  readonly payload?: string | Uint8Array;
  readonly options?: readonly CoapOption[];
  /** Default: the token of what is answered. */
  readonly token?: Uint8Array;
  /** Default: the next of the peer's own, from 0x9000; in an ACK, that of what is answered. */
  readonly mid?: number;
}

/** A CoAP server that does exactly what the test says, legal or not, one datagram at a time. */
export interface ScriptedPeer {
  readonly address: SocketAddress;
  /** Everything heard so far, in order. */
  readonly heard: readonly Heard[];
  /** Lets virtual time run until the next datagram that was not yet taken arrives. */
  next(limitMs?: number): Promise<Heard>;
  /** The same, passing over ACK and RST. */
  nextRequest(limitMs?: number): Promise<Heard>;
  /** Lets `ms` pass and takes all that arrived. */
  during(ms: number): Promise<readonly Heard[]>;
  /** What arrived and was not taken, without time passing beyond what is in flight. */
  rest(): Promise<readonly Heard[]>;
  piggyback(request: Heard, answer: Answer): Uint8Array;
  emptyAck(request: Heard): Uint8Array;
  confirmable(request: Heard, answer: Answer): Uint8Array;
  nonConfirmable(request: Heard, answer: Answer): Uint8Array;
  reset(request: Heard): Uint8Array;
  raw(request: Heard, bytes: Uint8Array): void;
  /** The same bytes, but from an address that our client did not ask. */
  rawFrom(from: SocketAddress, request: Heard, bytes: Uint8Array): void;
  /** Answers every later request by itself; null ends that. Taken by `next` all the same. */
  automatic(answerer: ((request: Heard) => void) | null): void;
}

export function scriptedPeer(deps: {
  readonly network: MemoryNetwork;
  readonly clock: VirtualClock;
  readonly address: SocketAddress;
}): ScriptedPeer {
  const { network, clock, address } = deps;
  const heard: Heard[] = [];
  let taken = 0;
  let ownMid = 0x9000;
  let answerer: ((request: Heard) => void) | null = null;

  network.listen(address, (bytes, reply, from) => {
    // Throws when our client sent something malformed: that fails the test, loudly.
    const message: Heard = { ...decode(bytes), bytes, from, reply, atMs: clock.monotonic() };
    heard.push(message);
    if (isRequest(message)) answerer?.(message);
  });

  const send = (type: CoapType, request: Heard, { payload = "", ...answer }: Answer) => {
    const bytes = encode({
      token: request.token,
      mid: type === "ACK" ? request.mid : ownMid++,
      ...answer,
      type,
      payload: typeof payload === "string" ? textBytes(payload) : payload,
    });
    request.reply(bytes);
    return bytes;
  };
  const empty = (type: CoapType, request: Heard) => {
    const bytes = encode({ type, code: "0.00", mid: request.mid });
    request.reply(bytes);
    return bytes;
  };
  const next = async (limitMs = 300_000) => {
    const have = taken;
    await clock.until(() => heard.length > have, limitMs);
    const message = heard[taken++];
    if (!message) throw new Error("nothing arrived");
    return message;
  };
  const during = async (ms: number) => {
    await clock.advance(ms);
    const arrived = heard.slice(taken);
    taken = heard.length;
    return arrived;
  };

  return {
    address,
    heard,
    next,
    async nextRequest(limitMs) {
      let message = await next(limitMs);
      while (!isRequest(message)) message = await next(limitMs);
      return message;
    },
    during,
    // Two datagrams' flight: an answer on its way to the client, and the client's ACK on its way back.
    rest: () => during(1),
    piggyback: (request, answer) => send("ACK", request, answer),
    emptyAck: (request) => empty("ACK", request),
    confirmable: (request, answer) => send("CON", request, answer),
    nonConfirmable: (request, answer) => send("NON", request, answer),
    reset: (request) => empty("RST", request),
    raw: (request, bytes) => request.reply(bytes),
    rawFrom: (from, request, bytes) => network.inject(from, request.from, bytes),
    automatic: (chosen) => {
      answerer = chosen;
    },
  };
}

const isRequest = ({ type, code }: CoapMessage) =>
  (type === "CON" || type === "NON") && code.startsWith("0.") && code !== "0.00";

/** "CON 0.02 mid 4711 token 8f…": for assertions that read like a trace. */
export const lineOf = ({ type, code, mid, token }: CoapMessage): string =>
  `${type} ${code} mid ${mid}${token.length > 0 ? ` token ${hexOf(token)}` : ""}`;
