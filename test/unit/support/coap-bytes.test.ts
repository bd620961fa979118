import { expect, test } from "vitest";
import { decode, encode, hexOf, textBytes, uintBytes } from "../../support/coap-bytes.ts";

test("writes the example of RFC 7252 Figure 16: a GET of /temperature", () => {
  const bytes = encode({
    type: "CON",
    code: "0.01",
    mid: 0x7d34,
    options: [{ number: 11, value: textBytes("temperature") }],
  });
  expect(hexOf(bytes)).toBe(`40017d34bb${hexOf(textBytes("temperature"))}`);
});

test("writes the answer of RFC 7252 Figure 17 and reads it back", () => {
  const message = {
    type: "ACK",
    code: "2.05",
    mid: 0x7d34,
    token: Uint8Array.of(0x20),
    options: [],
    payload: textBytes("22.3 C"),
  } as const;
  const bytes = encode(message);
  expect(hexOf(bytes)).toBe(`61457d3420ff${hexOf(textBytes("22.3 C"))}`);
  expect(decode(bytes)).toEqual(message);
});

test("sorts options and extends deltas and lengths over 12 and 268", () => {
  const options = [
    { number: 2000, value: new Uint8Array(300).fill(7) },
    { number: 60, value: uintBytes(51_200) },
    { number: 11, value: new Uint8Array(20).fill(1) },
  ];
  const read = decode(encode({ type: "NON", code: "0.02", mid: 1, options }));
  expect(read.options.map(({ number, value }) => [number, value.length])).toEqual([
    [11, 20],
    [60, 2],
    [2000, 300],
  ]);
});

test.each([
  ["a token that is cut off", "44017d34aa"],
  ["a token length of 9", "49017d34000000000000000000"],
  ["an option beyond the end", "40017d34b5aa"],
  ["a length nibble of 15", "40017d34bf"],
  ["a payload marker without payload", "40017d34ff"],
  ["an empty message with content", "40007d34b0"],
])("refuses %s", (_, hex) => {
  expect(() => decode(Uint8Array.from(Buffer.from(hex, "hex")))).toThrow();
});
