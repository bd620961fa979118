import type { Clock } from "../ports.ts";
import { MAX_BLOCK_NUM, offsetOf, sizeOf } from "./block.ts";
import { CoapError } from "./coap-error.ts";
import { type Block, isSuccess, type Message } from "./message.ts";
import type { CoapSettings } from "./settings.ts";

export interface BlockReceiving {
  readonly first: Message;
  /** For messages. */
  readonly peer: string;
  readonly clock: Clock;
  readonly limits: Pick<CoapSettings, "maxBodyBytes" | "maxBlocks" | "transferDeadlineMs">;
  /** Whether block 0 may be asked for again: not after a POST, which would act twice. */
  readonly mayRestart: boolean;
  /** One exchange, with a token of its own, for that block. */
  ask(block: Block): Promise<Message>;
}

/**
 * The whole response whose first block came already (RFC 7959 §2.4). An error response in between is
 * the response, whole if the first block was already its own. Never takes more than the limits, whatever the server says.
 * @throws CoapError `rejected` for blocks that do not fit together, `too large`, `timeout`
 */
export async function receiveBlocks(receiving: BlockReceiving): Promise<Message> {
  const { peer, clock, limits, ask } = receiving;
  const endsAt = clock.monotonic() + limits.transferDeadlineMs;
  let { first } = receiving;
  let assembly = startAssembly(first, peer, limits);
  let restarted = !receiving.mayRestart;
  let repeats = 0;

  for (let blocks = 1; !assembly.complete; blocks++) {
    if (blocks >= limits.maxBlocks) throw tooLarge(peer, `more than ${limits.maxBlocks} blocks`);
    if (clock.monotonic() >= endsAt) {
      const text = `${peer} took more than ${limits.transferDeadlineMs / 1000} s for all blocks of a response`;
      throw new CoapError("timeout", text, { phase: "response" });
    }
    const next = await ask(assembly.next);
    // Another error, or one that is no block, is about the question; a first block's own error goes on.
    if (!isSuccess(next.code) && (next.code !== first.code || !next.options.block2)) return next;

    if (!isSameRepresentation(first, next)) {
      // It changed between two blocks: half of each would be neither (RFC 7959 §2.4).
      if (restarted) throw rejected(peer, "changed its response between two blocks");
      restarted = true;
      first = await ask({ num: 0, more: false, szx: assembly.next.szx });
      assembly = startAssembly(first, peer, limits);
    } else if (assembly.add(next)) {
      repeats = 0;
    } else if (++repeats > 1) {
      throw rejected(peer, "sends the same block again and again");
    }
  }
  return { ...first, payload: assembly.body() };
}

/** ThingsBoard sends no ETag, so code and Content-Format have to agree too. */
const isSameRepresentation = (one: Message, other: Message): boolean =>
  one.code === other.code &&
  one.options.contentFormat === other.options.contentFormat &&
  one.options.etag?.toHex() === other.options.etag?.toHex();

interface Assembly {
  readonly complete: boolean;
  /** What to ask for. */
  readonly next: Block;
  /** False for a block that is there already, which is ignored. */
  add(message: Message): boolean;
  body(): Uint8Array;
}

function startAssembly(
  first: Message,
  peer: string,
  { maxBodyBytes }: Pick<CoapSettings, "maxBodyBytes">,
): Assembly {
  const parts: Uint8Array[] = [];
  let length = 0;
  let complete = false;
  let szx = 0;

  const add = ({ options, payload }: Message): boolean => {
    const { block2, size2 } = options;
    // A response in one piece is its own only block.
    if (!block2 && parts.length > 0) throw rejected(peer, "answered without the block asked for");
    const block = block2 ?? { num: 0, more: false, szx: 6 };
    const offset = offsetOf(block);
    if (offset < length) return false;
    if (offset > length) throw rejected(peer, `left out the bytes ${length} to ${offset - 1}`);
    if (size2 !== undefined && size2 > maxBodyBytes) throw tooLarge(peer, `${size2} bytes`);
    if (length + payload.length > maxBodyBytes)
      throw tooLarge(peer, `more than ${maxBodyBytes} bytes`);
    if (block2) {
      const size = sizeOf(block2.szx);
      if (payload.length > size || (block2.more && payload.length < size))
        throw rejected(peer, `sent ${payload.length} bytes as a block of ${size}`);
      if (block2.more && block2.num === MAX_BLOCK_NUM)
        throw tooLarge(peer, "more blocks than can be numbered");
    }
    parts.push(payload);
    length += payload.length;
    complete = !block.more;
    szx = block.szx;
    return true;
  };

  add(first);
  return {
    get complete() {
      return complete;
    },
    get next() {
      return { num: length / sizeOf(szx), more: false, szx };
    },
    add,
    body: () => joined(parts, length),
  };
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const body = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

const rejected = (peer: string, what: string) => new CoapError("rejected", `${peer} ${what}`);

const tooLarge = (peer: string, what: string) =>
  new CoapError("too large", `the response of ${peer} is too large: ${what}`);
