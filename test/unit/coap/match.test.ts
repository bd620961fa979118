import { expect, it } from "vitest";
import { type Known, match } from "../../../agent/coap/match.ts";
import type { Message, MessageType } from "../../../agent/coap/message.ts";

const con = { name: "con", token: "c0", confirmable: true };
const block = { name: "block", token: "b1", confirmable: true, block1Num: 3 };
const non = { name: "non", token: "d0", confirmable: false };
type Mine = typeof con & { readonly block1Num?: number };

const known: Known<Mine, string> = {
  outstanding: (messageId) => ({ 1: con, 2: non, 3: block })[messageId],
  requested: (token) => ({ c0: con, d0: non, b1: block })[token],
  observed: (token) => (token === "0b" ? "observation" : undefined),
  isRetired: (token) => token === "1a",
};

const judge = (
  type: MessageType,
  code: number,
  messageId: number,
  token: string,
  options: Message["options"] = {},
) => {
  const message: Message = {
    type,
    code,
    messageId,
    token,
    options,
    payload: new Uint8Array(),
  };
  const verdict = match(message, known);
  if ("exchange" in verdict) return `${verdict.act} ${verdict.exchange.name}`;
  return verdict.act;
};

// RFC 7252 §4.2, §4.4, §5.3.2. 0x45 is 2.05, 0x01 GET, 0x20 class 1, 0xc0 class 6, 0xe0 class 7.
it.each([
  ["an empty ACK of an outstanding CON", "ACK", 0, 1, "", "acknowledged con"],
  ["an empty ACK of a NON", "ACK", 0, 2, "", "ignore"],
  ["an empty ACK of nothing", "ACK", 0, 9, "", "ignore"],
  ["a piggybacked response", "ACK", 0x45, 1, "c0", "respond con"],
  ["an ACK with the ID but another token", "ACK", 0x45, 1, "ff", "ignore"],
  ["an ACK with the token but another ID", "ACK", 0x45, 9, "c0", "ignore"],
  ["an ACK with ID and token of two different requests", "ACK", 0x45, 1, "d0", "ignore"],
  ["an ACK with a request's code", "ACK", 0x01, 1, "c0", "ignore"],
  ["a CON response", "CON", 0x45, 500, "c0", "respond con"],
  ["a NON response", "NON", 0x45, 500, "d0", "respond non"],
  ["a response to another request under an ID of ours", "CON", 0x45, 1, "d0", "respond non"],
  ["a notification under an ID of ours", "CON", 0x45, 1, "0b", "notify"],
  ["a NON notification", "NON", 0x45, 500, "0b", "notify"],
  ["a reset of a CON", "RST", 0, 1, "", "reset con"],
  ["a reset of a NON", "RST", 0, 2, "", "reset non"],
  ["a reset of nothing", "RST", 0, 9, "", "ignore"],
  ["a ping", "CON", 0, 500, "", "refuse"],
  ["a ping under an ID of ours", "CON", 0, 1, "", "refuse"],
  ["a CON request", "CON", 0x01, 500, "c0", "refuse"],
  ["a NON request", "NON", 0x01, 500, "c0", "ignore"],
  ["a CON of class 1", "CON", 0x20, 500, "c0", "refuse"],
  ["a CON of class 6", "CON", 0xc0, 500, "c0", "refuse"],
  ["a CON of class 7", "CON", 0xe0, 500, "c0", "refuse"],
  ["a NON with an unknown token", "NON", 0x45, 500, "ff", "ignore"],
  ["a CON with a retired token", "CON", 0x45, 500, "1a", "late"],
  ["a NON with a retired token", "NON", 0x45, 500, "1a", "late"],
  ["a CON with an unknown token", "CON", 0x45, 500, "ff", "refuse"],
  ["a CON response without a token", "CON", 0x45, 500, "", "refuse"],
] as const)("judges %s", (_name, type, code, messageId, token, verdict) => {
  expect(judge(type, code, messageId, token)).toBe(verdict);
});

const CONTINUE = 0x5f;
const block1 = (num: number) => ({ block1: { num, more: true, szx: 6 } });

// Block 3 waits, under the token of all blocks of its upload.
it.each([
  ["a CON 2.31 for the block before", "CON", CONTINUE, 500, block1(2), "late"],
  ["a NON 2.31 for the block before", "NON", CONTINUE, 500, block1(2), "late"],
  ["a 2.31 for the block that waits", "CON", CONTINUE, 500, block1(3), "respond block"],
  ["a 2.31 for a block that was never sent", "CON", CONTINUE, 500, block1(4), "respond block"],
  ["a 2.31 without a block", "CON", CONTINUE, 500, {}, "respond block"],
  ["a piggybacked 2.31 for the block before", "ACK", CONTINUE, 3, block1(2), "respond block"],
  ["a late piggybacked 2.31", "ACK", CONTINUE, 2, block1(2), "ignore"],
  ["a 4.08, whatever block it names", "CON", 0x88, 500, block1(0), "respond block"],
] as const)("judges, in an upload, %s", (_name, type, code, messageId, options, verdict) => {
  expect(judge(type, code, messageId, "b1", options)).toBe(verdict);
});
