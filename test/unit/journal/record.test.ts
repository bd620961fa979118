import fc from "fast-check";
import { expect, it } from "vitest";
import { createWriter, Damaged } from "../../../agent/journal/bytes.ts";
import {
  type JournalRecord,
  type JournalState,
  recordsIn,
  writeProgress,
  writeState,
} from "../../../agent/journal/record.ts";
import { createSampleDecoder } from "../../../agent/journal/sample-record.ts";

const STATE = 4;
const read = (bytes: Uint8Array): JournalRecord[] => [
  ...recordsIn(bytes, 1, createSampleDecoder()),
];
const state: JournalState = {
  settled: [[1, 4]],
  dropped: { age: 3 },
  begun: { bootId: "b", monotonicMs: 5, ts: null },
  notes: { boots: { b: 1 } },
};

it("gives back progress and state", () => {
  const writer = createWriter();
  writeProgress(writer, [
    [3, 3],
    [7, 200],
  ]);
  writeState(writer, state);
  expect(read(writer.bytes())).toEqual([
    {
      kind: "progress",
      settled: [
        [3, 3],
        [7, 200],
      ],
    },
    { kind: "state", state },
  ]);
});

it.each<[string, object]>([
  ["no list of ranges", { ...state, settled: 7 }],
  ["a range of three", { ...state, settled: [[1, 2, 3]] }],
  ["a range backwards", { ...state, settled: [[4, 1]] }],
  ["an id that is none", { ...state, settled: [[1, 1.5]] }],
  ["an absurd id", { ...state, settled: [[1, 1e300]] }],
  ["a counter below nothing", { ...state, dropped: { age: -1 } }],
  ["no notes", { ...state, notes: [] }],
  ["a beginning that is no moment", { ...state, begun: { ts: 1 } }],
  ["nothing of a state", {}],
])("a state with %s is damaged, whatever its checksum says", (_, wrong) => {
  const writer = createWriter();
  writer.byte(STATE);
  writer.text(JSON.stringify(wrong));
  expect(() => read(writer.bytes())).toThrow(Damaged);
});

it("progress up to an absurd id is damaged", () => {
  const writer = createWriter();
  writeProgress(writer, [[Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]]);
  writer.cut(writer.length - 1);
  writer.count(9);
  expect(() => read(writer.bytes())).toThrow(Damaged);
});

it("any bytes in, records or Damaged out", () => {
  fc.assert(
    fc.property(fc.nat(5), fc.uint8Array(), (kind, rest) => {
      try {
        read(Uint8Array.of(kind, ...rest));
      } catch (error) {
        expect(error).toBeInstanceOf(Damaged);
      }
    }),
  );
});
