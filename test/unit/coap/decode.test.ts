import { expect, it } from "vitest";
import { decode } from "../../../agent/coap/decode.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));
const messageOf = (text: string) => {
  const decoded = decode(hex(text));
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.message;
};

it("reads every part of a response", () => {
  // CON 2.05, ID 0x1234, token aabb, ETag 01, Observe 5, Content-Format 50, Block2 1/M/64, "hi"
  const message = messageOf("42 45 1234 aabb 41 01 21 05 61 32 b1 1a ff 6869");
  expect(message).toMatchObject({ type: "CON", code: 0x45, messageId: 0x1234, token: "aabb" });
  expect(message.options).toEqual({
    etag: hex("01"),
    observe: 5,
    contentFormat: 50,
    block2: { num: 1, more: true, szx: 2 },
  });
  expect(new TextDecoder().decode(message.payload)).toBe("hi");
  expect(message.objection).toBeUndefined();
});

it.each([
  ["nothing at all", ""],
  ["three bytes", "40 45 12"],
  ["version 0", "00 45 1234"],
  ["version 2", "80 45 1234"],
  ["version 3 of a CON", "c0 45 1234"],
])("ignores %s, even where a CON would get a reset", (_name, bytes) => {
  expect(decode(hex(bytes))).toEqual({ ok: false, reason: expect.any(String) });
});

const malformed: readonly (readonly [string, string])[] = [
  ["a token length of 9", "49 45 1234 010203040506070809"],
  ["a token length of 15", "4f 45 1234 010203040506070809101112131415"],
  ["a token cut off", "44 45 1234 aabb"],
  ["an option delta of 15", "40 45 1234 f1 00"],
  ["an option length of 15", "40 45 1234 1f 00"],
  ["an option beyond the end", "40 45 1234 62 32"],
  ["an extended delta cut off", "40 45 1234 d0"],
  ["a two-byte extended delta cut off", "40 45 1234 e0 01"],
  ["an extended length cut off", "40 45 1234 6d"],
  ["an option number above 65535", "40 45 1234 e0 ffff"],
  ["option deltas that add up to more than 65535", "40 45 1234 e0 f000 e0 f000"],
  ["a payload marker without a payload", "40 45 1234 ff"],
  ["an empty message with a token", "41 00 1234 aa"],
  ["an empty message with a payload", "40 00 1234 ff 01"],
];

it.each(malformed)("answers a CON with %s by a reset", (_name, bytes) => {
  expect(decode(hex(bytes))).toMatchObject({ ok: false, resetId: 0x1234 });
});

it.each(malformed)("ignores a NON or an ACK with %s", (_name, bytes) => {
  for (const typeBits of [0x10, 0x20]) {
    const other = hex(bytes);
    other[0] = (other[0] ?? 0) | typeBits;
    expect(decode(other)).toEqual({ ok: false, reason: expect.any(String) });
  }
});

it("ignores a reset with a code and an empty NON", () => {
  expect(decode(hex("70 45 1234"))).toEqual({ ok: false, reason: expect.any(String) });
  expect(decode(hex("50 00 1234"))).toEqual({ ok: false, reason: expect.any(String) });
});

it.each([
  ["an unknown critical option", "40 45 1234 91 00", "unsupported option 9"],
  ["a request's option in a response", "40 45 1234 b1 61", "unsupported option 11"],
  ["Block1 of four bytes", "40 44 1234 d4 0e 00000000", "block1 of 4 bytes"],
  ["Block2 of four bytes", "40 45 1234 d4 0a 00000000", "block2 of 4 bytes"],
  ["Block1 of size 7", "40 44 1234 d1 0e 07", "reserved size 7"],
  ["Block2 of size 7", "40 45 1234 d1 0a 0f", "reserved size 7"],
  ["Block2 twice", "40 45 1234 d1 0a 06 01 16", "block2 twice"],
])("objects to %s", (_name, bytes, why) => {
  expect(messageOf(bytes).objection).toContain(why);
});

it.each([
  ["an unknown elective option", "40 45 1234 a1 00", {}],
  ["Observe of four bytes", "40 45 1234 64 00000001", {}],
  ["Content-Format of three bytes", "40 45 1234 c3 000032", {}],
  ["Max-Age of five bytes", "40 45 1234 d5 01 0000000001", {}],
  ["an ETag of no bytes", "40 45 1234 40", {}],
  ["an ETag of nine bytes", "40 45 1234 49 010203040506070809", {}],
  ["a second Content-Format", "40 45 1234 c1 32 01 2a", { contentFormat: 50 }],
])("skips %s", (_name, bytes, options) => {
  const message = messageOf(bytes);
  expect(message.objection).toBeUndefined();
  expect(message.options).toEqual(options);
});

it("reads options of no bytes as 0", () => {
  expect(messageOf("40 44 1234 60 60 d0 02 10 d0 13").options).toEqual({
    observe: 0,
    contentFormat: 0,
    block1: { num: 0, more: false, szx: 0 },
    size2: 0,
    size1: 0,
  });
});

it("copies nothing: payload and ETag are views into the datagram", () => {
  const bytes = hex("40 45 1234 41 07 ff 6869");
  const decoded = decode(bytes);
  if (!decoded.ok) throw new Error(decoded.reason);
  expect(decoded.message.payload.buffer).toBe(bytes.buffer);
  expect(decoded.message.options.etag?.buffer).toBe(bytes.buffer);
});

it("passes over 64 KiB of options within 50 ms", () => {
  const bytes = new Uint8Array(65_507).fill(0x10);
  bytes.set(hex("40 45 1234"));
  const took = () => {
    const before = performance.now();
    expect(decode(bytes)).toMatchObject({ ok: true });
    return performance.now() - before;
  };
  // The quickest: what else this machine does is not the decoder's.
  expect(Math.min(...Array.from({ length: 5 }, took))).toBeLessThan(50);
});
