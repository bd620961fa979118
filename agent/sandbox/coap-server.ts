import { EventEmitter } from "node:events";
import { createServer, type IncomingMessage, type OutgoingMessage } from "coap";
import { type CoapOption, decode, encode, type Message } from "./wire.ts";

/** A request as npm coap parsed and reassembled it. */
export interface ParsedRequest {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: readonly string[];
  readonly payload: Uint8Array;
}

export interface ServedResponse {
  readonly code: string;
  readonly payload?: Uint8Array;
  readonly options: readonly CoapOption[];
}

export type Serve = (request: ParsedRequest) => ServedResponse | null;

/** Names npm coap knows the options by that the device API sets. */
const optionNames: Readonly<Record<number, string>> = { 12: "Content-Format", 27: "Block1" };

/** One request on its way through npm coap. */
interface Turn {
  readonly serve: Serve;
  reply: Uint8Array | null;
  /** What `serve` threw. */
  bug: { readonly error: unknown } | null;
}

const turnOf = (serve: Serve): Turn => ({ serve, reply: null, bug: null });

/**
 * Answers kept by npm coap, which never looks at them here, each with its request and a timer of 202 s; its own default is 32 MiB
 * of them. One that does not fit keeps its timer all the same, so the longest has to.
 */
const CACHE_BYTES = 2 * 1024;

/**
 * npm coap's server behind a socket that is none. It parses, reassembles Block1 and cuts Block2, all within
 * the call; the message layer in front owns the network. It is given non-confirmable messages only, so that
 * it neither acknowledges nor retransmits by itself.
 */
export function createCoapServer() {
  let turn = turnOf(() => null);
  const socket = Object.assign(new EventEmitter(), {
    send(datagram: Uint8Array) {
      turn.reply = datagram;
    },
  });
  const server = createServer(
    { cacheSize: CACHE_BYTES },
    (request: IncomingMessage, response: OutgoingMessage) => {
      try {
        const served = turn.serve(parsed(request));
        if (served !== null) write(served, response);
      } catch (error) {
        // npm coap drops what a listener throws; a bug of ours must not look like a quiet server.
        turn.bug = { error };
      }
    },
  );
  server.listen(socket);
  let messageId = 0;

  return {
    /**
     * Null when `using` stayed silent, or when npm coap could not read the request. Throws what `using` threw.
     * `exchange` (1 to 8 bytes) ties the blocks of one body together; `peer` keeps peers apart.
     */
    respond(request: Message, exchange: Uint8Array, peer: PeerAddress, using: Serve) {
      messageId = (messageId + 1) & 0xffff;
      const inner = encode({ ...request, type: "NON", messageId, token: exchange });
      // A registration ends the one it displaces: that 2.02 passes through here within the other's turn.
      const outer = turn;
      const own = turnOf(using);
      turn = own;
      socket.emit("message", Buffer.from(inner), peer);
      turn = outer;
      if (own.bug) throw own.bug.error;
      const answered = own.reply && decode(own.reply);
      return answered?.kind === "message" ? answered.message : null;
    },
    close: () => void server.close(),
  };
}

export type CoapServer = ReturnType<typeof createCoapServer>;

interface PeerAddress {
  readonly address: string;
  readonly port: number;
}

function write({ code, options, payload }: ServedResponse, response: OutgoingMessage): void {
  response.code = code;
  for (const { number, value } of options) {
    const name = optionNames[number];
    if (name) response.setOption(name, Buffer.from(value));
  }
  response.end(payload && Buffer.from(payload));
}

function parsed(request: IncomingMessage): ParsedRequest {
  const { options = [] } = request._packet;
  const valuesOf = (name: string) =>
    options.filter((option) => option.name === name).map(({ value }) => String(value));
  return {
    method: request.method,
    path: valuesOf("Uri-Path"),
    query: valuesOf("Uri-Query"),
    payload: new Uint8Array(request.payload),
  };
}
