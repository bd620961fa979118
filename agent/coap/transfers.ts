import type { Clock, CoapRequest } from "../ports.ts";
import { sendBlocks } from "./block1.ts";
import { receiveBlocks } from "./block2.ts";
import { checkRequest } from "./check-request.ts";
import { CoapError } from "./coap-error.ts";
import type { KeyedQueue } from "./keyed-queue.ts";
import { CODE, METHOD, type Message } from "./message.ts";
import { PRIORITY, type Priority } from "./queue.ts";
import { type MessageOptions, requestOptions } from "./request-options.ts";
import { type CoapSettings, MAX_TRANSMIT_WAIT_MS } from "./settings.ts";
import type { Observer } from "./tables.ts";
import type { Turn, TurnAnswer, Turns } from "./turns.ts";

/** Requests as the caller means them: in one message each way, or in as many blocks as it takes. */
export interface Transfers {
  /** Settles with the whole response or a CoapError. */
  send(request: CoapRequest, signal: AbortSignal): Promise<Message>;
  /** One GET with Observe=0. Its answer may be a first block only: see `complete`. */
  register(path: readonly string[], observer: Observer, signal: AbortSignal): Promise<TurnAnswer>;
  /** What a first block begins, fetched to its end with plain GETs (RFC 7959 §2.6). */
  complete(path: readonly string[], first: Message, signal: AbortSignal): Promise<Message>;
}

export interface TransfersDeps {
  readonly clock: Clock;
  readonly settings: CoapSettings;
  readonly turns: Turns;
  /** One transfer of blocks at a time for each method and URI: so does the server keep its state. */
  readonly alone: KeyedQueue;
  /** For messages. */
  readonly peer: string;
}

interface MessageParts extends MessageOptions {
  readonly payload?: Uint8Array;
  /** Of the blocks before, in an upload. */
  readonly token?: string | undefined;
  readonly observer?: Observer;
}

const NO_BYTES = new Uint8Array();

export function createTransfers(deps: TransfersDeps): Transfers {
  const { clock, settings, turns, alone, peer } = deps;
  let { blockBytes } = settings;

  const begin = ({ urgent, own }: CoapRequest, priority: Priority) =>
    turns.begin(urgent ? PRIORITY.urgent : priority, own);

  const exchange = (
    request: CoapRequest,
    turn: Turn,
    signal: AbortSignal,
    { payload = NO_BYTES, token, observer, ...options }: MessageParts,
  ) =>
    turn.exchange(
      {
        code: METHOD[request.method],
        confirmable: request.confirmable ?? true,
        options: requestOptions({ ...request, payload }, options),
        payload,
        deadlineMs: Math.min(request.deadlineMs ?? settings.deadlineMs, MAX_TRANSMIT_WAIT_MS),
        token,
        block1Num: options.block1?.num,
        observer,
      },
      signal,
    );

  const enterAlone = (request: CoapRequest, priority: Priority, signal: AbortSignal) =>
    alone.enter(JSON.stringify([request.method, request.path, request.query]), priority, signal);

  const upload = (request: CoapRequest, body: Uint8Array, turn: Turn, signal: AbortSignal) =>
    sendBlocks({
      body,
      blockBytes,
      peer,
      clock,
      deadlineMs: settings.transferDeadlineMs,
      ask: (options, payload, token) =>
        exchange(request, turn, signal, { ...options, payload, token }),
    });

  const download = (request: CoapRequest, first: Message, turn: Turn, signal: AbortSignal) =>
    receiveBlocks({
      first,
      peer,
      clock,
      limits: settings,
      mayRestart: request.method === "GET",
      ask: async (block2) => (await exchange(request, turn, signal, { block2 })).message,
    });

  const downloadAlone = async (
    request: CoapRequest,
    first: Message,
    turn: Turn,
    signal: AbortSignal,
  ) => {
    if (!first.options.block2?.more) return download(request, first, turn, signal);
    // Who is in there may need the place to come to an end.
    turn.pause();
    using _alone = await enterAlone(request, PRIORITY.continuation, signal);
    return await download(request, first, turn, signal);
  };

  const sendOnce = async (request: CoapRequest, signal: AbortSignal) => {
    using turn = begin(request, PRIORITY.normal);
    const body = request.payload ?? NO_BYTES;
    if (body.length > blockBytes) {
      using _alone = await enterAlone(request, PRIORITY.normal, signal);
      const answer = await upload(request, body, turn, signal);
      checkFinal(answer, peer);
      return await download(request, answer, turn, signal);
    }
    const { message } = await exchange(request, turn, signal, { payload: body });
    checkFinal(message, peer);
    if (message.options.block2 === undefined)
      return { ...message, payload: Uint8Array.from(message.payload) };
    return await downloadAlone(request, message, turn, signal);
  };

  return {
    async send(request, signal) {
      checkRequest(request);
      try {
        return await sendOnce(request, signal);
      } catch (error) {
        const bytes = request.payload?.length ?? 0;
        if (!isOverPathLimit(error) || blockBytes < settings.blockBytes || bytes <= blockBytes / 2)
          throw error;
        // EMSGSIZE: the path takes less than we thought. Once, and for all that follows.
        blockBytes /= 2;
        return await sendOnce(request, signal);
      }
    },
    async register(path, observer, signal) {
      const request: CoapRequest = { method: "GET", path };
      using turn = begin(request, PRIORITY.normal);
      return await exchange(request, turn, signal, { observe: 0, observer });
    },
    async complete(path, first, signal) {
      const request: CoapRequest = { method: "GET", path };
      using turn = begin(request, PRIORITY.continuation);
      return await downloadAlone(request, first, turn, signal);
    },
  };
}

const isOverPathLimit = (error: unknown): boolean =>
  error instanceof CoapError && error.errno === "EMSGSIZE";

/** A 4.13 names its bound in Size1, if any (RFC 7959 §2.9.3). A 2.31 ends nothing. */
function checkFinal({ code, options }: Message, peer: string): void {
  if (code === CODE.continue)
    throw new CoapError("rejected", `${peer} asked for more of a request that was complete`);
  if (code !== CODE.requestEntityTooLarge) return;
  const { size1 } = options;
  const bound = size1 === undefined ? "" : `: it takes ${size1} bytes`;
  throw new CoapError("too large", `the request is too large for ${peer}${bound} (4.13)`, {
    ...(size1 !== undefined && { limitBytes: size1 }),
  });
}
