import { describe, expect, it } from "vitest";
import { durationMs, formatDuration, parseDuration } from "../../../agent/config/duration.ts";

describe("parseDuration", () => {
  it.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["0s", 0],
    ["007s", 7_000],
  ])("reads %s as %d ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each([
    "",
    "10",
    "s",
    "1.5s",
    "-1s",
    "+1s",
    "1 s",
    " 1s",
    "1s ",
    "1m30s",
    "1S",
    "1M",
    "1w",
    "1y",
    "1e3s",
    "0x10s",
    "١s",
    "9999999999999s",
    "1s\n",
    "Infinitys",
  ])("refuses %j", (text) => expect(parseDuration(text)).toBeNull());
});

describe("formatDuration", () => {
  it.each([
    [0, "0s"],
    [1, "1ms"],
    [1_500, "1500ms"],
    [60_000, "60s"],
    [90_000, "90s"],
    [120_000, "2m"],
    [3_600_000, "1h"],
    [5_400_000, "90m"],
    [86_400_000, "24h"],
    [172_800_000, "2d"],
    [2_592_000_000, "30d"],
  ])("writes %d ms as %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

  it("is read back as the same duration", () => {
    for (let ms = 0; ms < 200_000; ms += 97) expect(parseDuration(formatDuration(ms))).toBe(ms);
    for (let s = 0; s < 400_000; s += 601)
      expect(parseDuration(formatDuration(s * 1_000))).toBe(s * 1_000);
  });
});

it("calls a wrong duration in the source a bug", () => {
  expect(() => durationMs("60")).toThrow(expect.objectContaining({ kind: "bug" }));
});
