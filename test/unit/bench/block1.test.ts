import { expect, it } from "vitest";
import { block1Of, block1Option } from "../../bench/block1.ts";

/** Uri-Path "telemetry", 20 bytes long, Block1 (27): 0x0e is block 0, more, 1024 bytes; 0x16 is block 1, the last. */
const message = (block: number) =>
  Uint8Array.of(
    ...[0x48, 0x02, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8],
    ...[0xbd, 20 - 13, ...Buffer.from("telemetry-and-a-half")],
    ...[0xd1, 27 - 11 - 13, block, 0xff, 0x7b],
  );

it("finds the block of a message, and whether it is the last", () => {
  expect(block1Of(message(0x0e), 12)).toEqual({ value: Uint8Array.of(0x0e), hasMore: true });
  expect(block1Of(message(0x16), 12)).toEqual({ value: Uint8Array.of(0x16), hasMore: false });
});

it("finds none in a message that is whole, or in a payload", () => {
  expect(block1Of(Uint8Array.of(0x40, 2, 0, 1, 0xb1, 0x61, 0xff, 0xd1, 3, 0x0e), 4)).toBeNull();
  expect(block1Of(Uint8Array.of(0x40, 2, 0, 1), 4)).toBeNull();
});

it("writes one that it finds again", () => {
  const value = Uint8Array.of(0x12, 0x3e);
  expect(block1Of(block1Option(value), 0)).toEqual({ value, hasMore: true });
});
