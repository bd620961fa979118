import type { SocketAddress } from "../../agent/ports.ts";
import { blockOf, blockOption, optionNumbers, optionOf, uintOf } from "./coap-bytes.ts";
import type { MemoryNetwork } from "./memory-network.ts";
import { type Heard, scriptedPeer } from "./scripted-peer.ts";
import type { VirtualClock } from "./virtual-clock.ts";

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
 * its own with no ACK before it; null: not at all. `judgeBlock` may end a transfer before its body is there.
 */
export function telemetryServer(deps: {
  readonly network: MemoryNetwork;
  readonly clock: VirtualClock;
  readonly address: SocketAddress;
  readonly judge: (post: Post) => string | null;
  readonly judgeBlock?: (num: number) => string | null;
}): TelemetryServer {
  const { judge, judgeBlock = () => null } = deps;
  const peer = scriptedPeer(deps);
  const onPost: ((post: Post, code: string) => void)[] = [];
  const uploads = new Map<string, Uint8Array[]>();
  const size1s: (number | null)[] = [];

  const post = (request: Heard, body: Uint8Array, options: Heard["options"] = []) => {
    const parsed: TelemetryRecord | TelemetryRecord[] = JSON.parse(new TextDecoder().decode(body));
    const records = Array.isArray(parsed) ? parsed : [parsed];
    const points = records.reduce((sum, { values }) => sum + Object.keys(values).length, 0);
    const told = { records, points, bytes: body.length };
    const code = judge(told);
    if (code === null) return;
    peer.confirmable(request, { code, options });
    for (const listener of onPost) listener(told, code);
  };

  peer.automatic((request) => {
    const block = blockOf(request, optionNumbers.block1);
    if (!block) return post(request, request.payload);
    const size1 = optionOf(request, optionNumbers.size1);
    size1s.push(size1 ? uintOf(size1) : null);
    const options = [blockOption(optionNumbers.block1, block)];
    const key = `${request.from.port}`;
    const blocks = block.num === 0 ? [] : (uploads.get(key) ?? []);
    const verdict = blocks.length === block.num ? judgeBlock(block.num) : "4.08";
    if (verdict !== null) {
      uploads.delete(key);
      return void peer.piggyback(request, { code: verdict, options });
    }
    blocks.push(request.payload);
    if (block.more) {
      uploads.set(key, blocks);
      return void peer.piggyback(request, { code: "2.31", options });
    }
    uploads.delete(key);
    post(request, Buffer.concat(blocks), options);
  });

  return {
    onPost,
    size1s,
    get uploads() {
      return uploads.size;
    },
    [Symbol.dispose]: () => peer.automatic(null),
  };
}
