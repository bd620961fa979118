import type { SocketAddress } from "../../agent/ports.ts";
import {
  blockOf,
  blockOption,
  type CoapMessage,
  type CoapOption,
  codes,
  decode,
  encode,
  optionNumbers,
  optionOf,
  uintOf,
  uintOption,
} from "./coap-bytes.ts";
import type { MemoryNetwork, Reply } from "./memory-network.ts";

/** One POST of telemetry, with all its blocks. */
export interface Post {
  readonly records: readonly TelemetryRecord[];
  /** Data points. */
  readonly points: number;
  readonly bytes: number;
}

export interface TelemetryRecord {
  readonly ts: number;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface Verdict {
  readonly code: string;
  /** Seconds. */
  readonly maxAge: number;
}

export interface TelemetryServer extends Disposable {
  /** Answered, with the code that it was answered with. */
  readonly onPost: ((post: Post, code: string) => void)[];
  /** Bodies of which some blocks have come. */
  readonly uploads: number;
  /** Every Size1 that came with a block; null where there was none. */
  readonly size1s: readonly (number | null)[];
}

/**
 * ThingsBoard as a device sees it that only publishes: answers a POST with what `judge` says, in a confirmable message of
 * its own with no ACK before it, and with a Max-Age in seconds where it says one; null: not at all. It remembers no message, for a week has many. `judgeBlock` may end a transfer before its body is there.
 */
export function telemetryServer(deps: {
  readonly network: MemoryNetwork;
  readonly address: SocketAddress;
  readonly judge: (post: Post) => string | Verdict | null;
  readonly judgeBlock?: (num: number) => string | null;
}): TelemetryServer {
  const { judge, judgeBlock = () => null } = deps;
  let ownMid = 0x9000;
  const onPost: ((post: Post, code: string) => void)[] = [];
  const uploads = new Map<string, Uint8Array[]>();
  const size1s: (number | null)[] = [];

  const post = (
    { token }: CoapMessage,
    reply: Reply,
    body: Uint8Array,
    options: readonly CoapOption[] = [],
  ) => {
    const parsed: TelemetryRecord | TelemetryRecord[] = JSON.parse(new TextDecoder().decode(body));
    const records = Array.isArray(parsed) ? parsed : [parsed];
    const points = records.reduce((sum, { values }) => sum + Object.keys(values).length, 0);
    const told = { records, points, bytes: body.length };
    const judged = judge(told);
    if (judged === null) return;
    const { code, maxAge } = typeof judged === "string" ? { code: judged, maxAge: null } : judged;
    const all = maxAge === null ? options : [...options, uintOption(optionNumbers.maxAge, maxAge)];
    ownMid = (ownMid + 1) & 0xffff;
    reply(encode({ type: "CON", code, mid: ownMid, token, options: all }));
    for (const listener of onPost) listener(told, code);
  };

  const listening = deps.network.listen(deps.address, (bytes, reply, from) => {
    const request = decode(bytes);
    if (request.type !== "CON" || request.code !== codes.POST) return;
    const { token, mid, payload } = request;
    const block = blockOf(request, optionNumbers.block1);
    if (!block) return post(request, reply, payload);
    const size1 = optionOf(request, optionNumbers.size1);
    size1s.push(size1 ? uintOf(size1) : null);
    const options = [blockOption(optionNumbers.block1, block)];
    const acknowledge = (code: string) => reply(encode({ type: "ACK", code, mid, token, options }));
    const key = `${from.port}`;
    const blocks = block.num === 0 ? [] : (uploads.get(key) ?? []);
    const verdict = blocks.length === block.num ? judgeBlock(block.num) : "4.08";
    if (verdict !== null) {
      uploads.delete(key);
      return acknowledge(verdict);
    }
    blocks.push(payload);
    if (block.more) {
      uploads.set(key, blocks);
      return acknowledge("2.31");
    }
    uploads.delete(key);
    post(request, reply, Buffer.concat(blocks), options);
  });

  return {
    onPost,
    size1s,
    get uploads() {
      return uploads.size;
    },
    [Symbol.dispose]: () => listening[Symbol.dispose](),
  };
}
