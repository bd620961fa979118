import fc from "fast-check";
import { expect, it } from "vitest";
import {
  END,
  frameAt,
  frameBytes,
  frameOf,
  isCleanEnd,
  nextFrame,
} from "../../../agent/journal/frame.ts";
import { joined } from "../../../agent/journal/joined.ts";

const SEAL = 0x5f3a9c01;
const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), {
  minLength: 1,
  maxLength: 8,
});

/** One behind the other, from 0 on. */
function laid(given: readonly Uint8Array[]): Uint8Array {
  let bytes: Uint8Array = new Uint8Array();
  for (const body of given) bytes = joined(bytes, frameOf(body, SEAL, bytes.length));
  return joined(bytes, END);
}

function found(bytes: Uint8Array, seal = SEAL): Uint8Array[] {
  const read: Uint8Array[] = [];
  for (let at = 0; ; ) {
    const frame = nextFrame(bytes, at, seal);
    if (frame === null) return read;
    read.push(frame.body.slice());
    at = frame.end;
  }
}

it("any bodies in, the same bodies out, and a clean end behind them", () => {
  fc.assert(
    fc.property(bodies, (given) => {
      const bytes = laid(given);
      expect(found(bytes)).toEqual(given);
      const end = given.reduce((sum, { length }) => sum + frameBytes(length), 0);
      expect(isCleanEnd(bytes, end)).toBe(true);
      expect(isCleanEnd(bytes, 0)).toBe(false);
    }),
  );
});

it("one byte changed costs one frame", () => {
  fc.assert(
    fc.property(bodies, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, where, change) => {
      const bytes = laid(given);
      const at = where % (bytes.length - END.length);
      bytes[at] = (bytes[at] ?? 0) ^ change;
      let end = 0;
      const sound = given.filter(({ length }) => {
        const start = end;
        end += frameBytes(length);
        return at < start || at >= end;
      });
      expect(found(bytes)).toEqual(sound);
    }),
  );
});

it("a frame of another segment, or in another place, is none", () => {
  const body = Uint8Array.of(1, 2, 3);
  const bytes = joined(frameOf(body, SEAL, 0), frameOf(body, SEAL, 0));
  expect(found(bytes)).toEqual([body]);
  expect(found(bytes, SEAL + 1)).toEqual([]);
});

it("any bytes in, a frame within them or none out", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(310), (bytes, at) => {
      const frame = frameAt(bytes, at, SEAL) ?? nextFrame(bytes, at, SEAL);
      if (frame !== null) expect(frame.end).toBeLessThanOrEqual(bytes.length);
    }),
  );
});

it("an end that a write was cut off behind is not clean", () => {
  const whole = frameOf(Uint8Array.of(1), SEAL, 0);
  const torn = frameOf(new Uint8Array(600), SEAL, whole.length).subarray(0, 300);
  expect(isCleanEnd(joined(whole, torn), whole.length)).toBe(false);
  expect(isCleanEnd(whole, whole.length)).toBe(true);
});
