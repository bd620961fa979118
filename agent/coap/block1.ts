import type { Clock } from "../ports.ts";
import { sizeOf, szxFor } from "./block.ts";
import { CoapError } from "./coap-error.ts";
import { type Block, CODE, formatCode, isSuccess, type Message } from "./message.ts";
import type { MessageOptions } from "./request-options.ts";

/** One exchange of the transfer, under `token`, or under a new one where there is none yet. */
export type Ask = (
  options: MessageOptions,
  payload: Uint8Array,
  token: string | undefined,
) => Promise<{ readonly message: Message; readonly token: string }>;

export interface BlockSending {
  readonly body: Uint8Array;
  readonly blockBytes: number;
  /** For messages. */
  readonly peer: string;
  readonly clock: Clock;
  /** For all blocks together. */
  readonly deadlineMs: number;
  readonly ask: Ask;
}

/**
 * Sends a body in blocks, one at a time (RFC 7959 §2.5); resolves to the final response. One token for
 * all of them, as some servers file the blocks under it; a new one from block 0 on, so that no answer to
 * the first attempt is taken for one to the second.
 * @throws CoapError `rejected` for an answer that does not fit the block sent, `timeout`
 */
export async function sendBlocks(sending: BlockSending): Promise<Message> {
  const { body, blockBytes, peer, clock, deadlineMs, ask } = sending;
  const endsAt = clock.monotonic() + deadlineMs;
  let token: string | undefined;
  let szx = szxFor(blockBytes);
  let offset = 0;
  let restarted = false;

  for (;;) {
    if (clock.monotonic() >= endsAt) {
      const text = `${peer} took more than ${deadlineMs / 1000} s for all blocks of a request`;
      throw new CoapError("timeout", text, { phase: "response" });
    }
    const size = sizeOf(szx);
    const block: Block = { num: offset / size, more: offset + size < body.length, szx };
    // Without Size1 in each, Californium reserves ThingsBoard's 256 MiB limit for the upload.
    const options = { block1: block, size1: body.length };
    const asked = await ask(options, body.subarray(offset, offset + size), token);
    const { message: answer } = asked;
    token = asked.token;

    if (answer.code === CODE.requestEntityIncomplete && !restarted) {
      // The server has lost the sequence (RFC 7959 §2.9.2): once more from the start.
      restarted = true;
      offset = 0;
      token = undefined;
      continue;
    }
    if (answer.code === CODE.requestEntityTooLarge && offset === 0 && takesLess(answer, szx)) {
      // RFC 7959 §2.9.3: a smaller block in a 4.13 is what the server would take.
      szx = answer.options.block1?.szx ?? szx;
      token = undefined;
      continue;
    }
    const wrong = misfit(answer, block);
    if (wrong !== undefined) throw new CoapError("rejected", `${peer} ${wrong}`);
    if (!isSuccess(answer.code) || !block.more) return answer;
    offset += size;
    szx = answer.options.block1?.szx ?? szx;
  }
}

const takesLess = ({ options }: Message, szx: number): boolean =>
  options.block1 !== undefined && options.block1.szx < szx;

/** Why `answer` cannot be the answer to `sent`, or undefined. A 4.xx or 5.xx always can. */
export function misfit(answer: Message, sent: Block): string | undefined {
  if (!isSuccess(answer.code)) return undefined;
  const { block1 } = answer.options;
  const continues = answer.code === CODE.continue;
  if (continues && !sent.more) return "asked for more after the last block";
  if (!continues && sent.more)
    return `answered ${formatCode(answer.code)} before it had all blocks`;
  if (block1 === undefined)
    return continues ? "acknowledged a block without saying which" : undefined;
  if (block1.num !== sent.num) return `acknowledged block ${block1.num} instead of ${sent.num}`;
  return block1.szx > sent.szx ? "asked for larger blocks in the middle of a transfer" : undefined;
}
