import type { Random } from "../ports.ts";
import { readUint } from "./options.ts";

/**
 * Message IDs of one socket: sequential from a random start, so that an agent started anew on an old
 * port does not collide with its former self for 247 s (RFC 7252 §4.4).
 */
export function messageIds(random: Random): () => number {
  let next = readUint(random.bytes(2));
  return () => {
    const messageId = next;
    next = (next + 1) & 0xffff;
    return messageId;
  };
}
