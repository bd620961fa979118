import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { refusedFile } from "../../../agent/platform/refused-file.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const TS = 1_795_341_600_000;

function kept() {
  const folder = temporaryFolder();
  const file = join(folder, "refused.jsonl");
  const refused = refusedFile(folder);
  const lines = () =>
    readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  return { folder, file, refused, lines };
}

it("keeps a line for each refused sample, in a file of mode 0600", () => {
  const { file, refused, lines } = kept();
  refused.keep({ ts: TS, readings: { a: 1 }, reason: "4.00" });
  refused.keep({ ts: TS + 1, readings: { b: "x" }, reason: "4.13" });
  expect(lines()).toEqual([
    { ts: TS, reason: "4.00", readings: { a: 1 } },
    { ts: TS + 1, reason: "4.13", readings: { b: "x" } },
  ]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("stays below 64 KiB: the oldest make room, and no line is torn", () => {
  const { file, refused, lines } = kept();
  for (let n = 0; n < 2_000; n++) {
    refused.keep({ ts: TS + n, readings: { text: "é".repeat(n % 90) }, reason: "4.00" });
    expect(statSync(file).size).toBeLessThanOrEqual(64 * 1024);
  }
  const times = lines().map(({ ts }) => ts - TS);
  expect(times.at(-1)).toBe(1_999);
  expect(times).toEqual(Array.from({ length: times.length }, (_, i) => 2_000 - times.length + i));
  expect(times.length).toBeGreaterThan(100);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("keeps only the keys of a sample that is large", () => {
  const { refused, lines } = kept();
  refused.keep({ ts: TS, readings: { text: "x".repeat(20_000), b: 1 }, reason: "4.13" });
  expect(lines()).toEqual([{ ts: TS, reason: "4.13", keys: "text,b" }]);
});

it("writes through no link", () => {
  const { folder, file, refused, lines } = kept();
  const elsewhere = join(folder, "elsewhere");
  writeFileSync(elsewhere, "untouched");
  symlinkSync(elsewhere, file);
  refused.keep({ ts: TS, readings: { a: 1 }, reason: "4.00" });
  expect(readFileSync(elsewhere, "utf8")).toBe("untouched");
  expect(lines()).toHaveLength(1);
});

it("says so when it cannot be written", () => {
  const { folder, file, refused } = kept();
  mkdirSync(file);
  expect(() => refused.keep({ ts: TS, readings: { a: 1 }, reason: "4.00" })).toThrow(
    expect.objectContaining({ kind: "storage" }),
  );
  rmSync(folder, { recursive: true });
  expect(() => refused.keep({ ts: TS, readings: { a: 1 }, reason: "4.00" })).toThrow(
    expect.objectContaining({ kind: "storage" }),
  );
});
