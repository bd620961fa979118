import { sizeOf, szxFor } from "./block.ts";
import { CoapError } from "./coap-error.ts";
import { type Block, CODE, formatCode, isSuccess, type Message } from "./message.ts";
import type { MessageOptions } from "./request-options.ts";

/** One exchange of the transfer, with a token of its own. */
export type Ask = (options: MessageOptions, payload: Uint8Array) => Promise<Message>;

export interface BlockSending {
  readonly body: Uint8Array;
  readonly blockBytes: number;
  /** For messages. */
  readonly peer: string;
  readonly ask: Ask;
}

/**
 * Sends a body in blocks, one at a time (RFC 7959 §2.5); resolves to the final response.
 * @throws CoapError `rejected` for an answer that does not fit the block sent
 */
export async function sendBlocks({ body, blockBytes, peer, ask }: BlockSending): Promise<Message> {
  let szx = szxFor(blockBytes);
  let offset = 0;
  let restarted = false;

  for (;;) {
    const size = sizeOf(szx);
    const block: Block = { num: offset / size, more: offset + size < body.length, szx };
    // Without Size1 in each, Californium reserves ThingsBoard's 256 MiB limit for the upload.
    const options = { block1: block, size1: body.length };
    const answer = await ask(options, body.subarray(offset, offset + size));

    if (answer.code === CODE.requestEntityIncomplete && !restarted) {
      // The server has lost the sequence (RFC 7959 §2.9.2): once more from the start.
      restarted = true;
      offset = 0;
      continue;
    }
    if (answer.code === CODE.requestEntityTooLarge && offset === 0 && takesLess(answer, szx)) {
      // RFC 7959 §2.9.3: a smaller block in a 4.13 is what the server would take.
      szx = answer.options.block1?.szx ?? szx;
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
