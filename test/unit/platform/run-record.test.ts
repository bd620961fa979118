import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeRun, runRecord } from "../../../agent/platform/run-record.ts";
import type { Run } from "../../../agent/ports.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const run: Run = { bootId: "a", clean: true, stamp: "1.0.0 ab", crashes: 1, safeMode: false };

function record() {
  const folder = temporaryFolder();
  const log = recordingLog();
  return { folder, log, file: join(folder, "last-run.json"), runs: runRecord(folder, log) };
}

it("gives back what was saved last, from a file of mode 0600", () => {
  const { file, runs, log } = record();
  expect(runs.load()).toBeNull();
  runs.save({ ...run, crashes: 3, safeMode: true });
  runs.save({ ...run, bootId: null, stamp: null });
  expect(runs.load()).toEqual({ ...run, bootId: null, stamp: null });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(log.lines).toEqual([]);
});

it.each<[string, string]>([
  ["empty", ""],
  ["torn", '{"version":1,"boo'],
  ["of zeros", "\0".repeat(60)],
  ["no object", "[1]"],
  ["of no version that there was", '{"version":0,"bootId":"a","clean":true}'],
  ["without its members", '{"version":1}'],
  ["of the wrong types", '{"version":1,"bootId":7,"clean":true}'],
  ["with crashes that are no number", '{"version":1,"bootId":"a","clean":true,"crashes":"5"}'],
  ["too large", `{"version":1,"bootId":"a","clean":true}${" ".repeat(5_000)}`],
])("a file that is %s is set aside once, and counts for none", (_, content) => {
  const { folder, file, runs, log } = record();
  writeFileSync(file, content);
  expect(runs.load()).toBeNull();
  expect(runs.load()).toBeNull();
  expect(readdirSync(folder)).toEqual(["last-run.json.corrupt-1"]);
  expect(log.lines.map(({ level }) => level)).toEqual(["warn"]);
});

it("a folder in its place is moved away, and the next save works", () => {
  const { file, runs } = record();
  mkdirSync(file);
  expect(runs.load()).toBeNull();
  runs.save(run);
  expect(runs.load()).toEqual(run);
});

it("a record without what came later says nothing of crashes", () => {
  const { file, runs } = record();
  writeFileSync(file, '{"version":1,"bootId":"a","clean":false}');
  expect(runs.load()).toEqual({ ...run, clean: false, stamp: null, crashes: 0 });
});

it("a newer record counts for none, and is neither touched nor overwritten", () => {
  const { folder, file, runs, log } = record();
  const newer = '{"version":2,"bootId":{"of":"another kind"},"clean":"yes"}';
  writeFileSync(file, newer);
  expect(runs.load()).toBeNull();
  runs.save(run);
  expect(readFileSync(file, "utf8")).toBe(newer);
  expect(readdirSync(folder)).toEqual(["last-run.json"]);
  expect(log.lines).toMatchObject([
    {
      level: "warn",
      event: expect.stringContaining("newer"),
      fields: { hint: expect.any(String) },
    },
  ]);
});

it("what cannot be read counts for none, and is told", () => {
  const { file, runs, log } = record();
  symlinkSync("last-run.json", file);
  expect(runs.load()).toBeNull();
  expect(log.lines).toMatchObject([{ level: "warn", fields: { error: "ELOOP" } }]);
});

it("a folder that cannot be written is an error of kind storage with a hint", () => {
  const runs = runRecord(join(temporaryFolder(), "missing"), recordingLog());
  expect(() => runs.save(run)).toThrow(
    expect.objectContaining({ kind: "storage", hint: expect.any(String) }),
  );
});

it("decodes any bytes to a run or to nothing", () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => new TextEncoder().encode(text)),
  );
  fc.assert(
    fc.property(bytes, (content) => {
      const run = decodeRun(content);
      expect(typeof run === "string" || typeof run.clean === "boolean").toBe(true);
    }),
  );
});
