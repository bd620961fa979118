import { expect, test } from "vitest";
import { parseBlock, uint, uintBytes } from "../../../agent/sandbox/coap-options.ts";
import { decode, emptyMessage, encode, type Message } from "../../../agent/sandbox/wire.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));

test("a request reads and writes as RFC 7252 Appendix A shows it", () => {
  // GET coap://server/temperature, message ID 0x7d34, no token.
  const text = "40017d34bb74656d7065726174757265";
  const decoded = decode(bytes(text));
  expect(decoded).toMatchObject({
    kind: "message",
    message: { type: "CON", code: "0.01", messageId: 0x7d34 },
  });
  if (decoded.kind === "message") expect(hex(encode(decoded.message))).toBe(text);
});

test("option numbers and lengths of every width come back as they were", () => {
  const message: Message = {
    type: "NON",
    code: "2.05",
    messageId: 65_535,
    token: bytes("0102030405060708"),
    options: [0, 12, 13, 268, 269, 600].map((length, index) => ({
      number: [6, 11, 60, 258, 2048, 65_000][index] ?? 0,
      value: new Uint8Array(length).fill(index),
    })),
    payload: bytes("ff00"),
  };
  expect(decode(encode(message))).toEqual({ kind: "message", message });
});

test("an empty message is four bytes", () => {
  expect(hex(emptyMessage("RST", 0x1234))).toBe("70001234");
});

test.each<[string, string, string]>([
  ["three bytes", "400112", "noise"],
  ["version 0", "00017d34", "noise"],
  ["a token of nine bytes", "49017d34010203040506070809", "malformed"],
  ["a token cut short", "44017d34aa", "malformed"],
  ["an empty message with a token", "41007d34aa", "malformed"],
  ["a payload marker and nothing after it", "40017d34ff", "malformed"],
  ["an option longer than the message", "40017d34b574", "malformed"],
  ["a reserved option delta", "40017d34f0", "malformed"],
  ["a reserved option length", "40017d34bf", "malformed"],
  ["an extended delta cut short", "40017d34e0ff", "malformed"],
])("%s is %2$s", (_name, text, kind) => {
  expect(decode(bytes(text)).kind).toBe(kind);
});

test("an unsigned integer of zero has no bytes", () => {
  expect(hex(uintBytes(0))).toBe("");
  expect(hex(uintBytes(65_536))).toBe("010000");
  expect(uint(bytes("010000"))).toBe(65_536);
});

test("a block option holds number, more and size", () => {
  expect(parseBlock(bytes("1e"))).toEqual({ number: 1, more: true, sizeBytes: 1024 });
  expect(parseBlock(bytes(""))).toEqual({ number: 0, more: false, sizeBytes: 16 });
  expect(parseBlock(bytes("fffff7"))).toEqual({ number: 1_048_575, more: false, sizeBytes: null });
});
