import { describe, expect, it } from "vitest";
import { formatSize, parseSize, sizeBytes } from "../../../agent/config/size.ts";

describe("parseSize", () => {
  it.each([
    ["100KB", 100_000],
    ["64MB", 64_000_000],
    ["1GB", 1_000_000_000],
    ["0KB", 0],
  ])("reads %s as %d bytes", (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(["", "64", "64M", "64mb", "64MiB", "64 MB", "1.5MB", "-1MB", "1TB", "1B", "9999999GB"])(
    "refuses %j",
    (text) => expect(parseSize(text)).toBeNull(),
  );
});

it.each([
  [8_000_000, "8MB"],
  [1_500_000, "1500KB"],
  [2_000_000_000, "2GB"],
  [0, "0KB"],
])("writes %d bytes as %s, which is read back as the same", (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
  expect(parseSize(text)).toBe(bytes);
});

it("calls a wrong size in the source a bug", () => {
  expect(() => sizeBytes("8")).toThrow(expect.objectContaining({ kind: "bug" }));
});
