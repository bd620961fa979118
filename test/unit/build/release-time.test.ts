import { tmpdir } from "node:os";
import { afterEach, expect, it, vi } from "vitest";
import { releaseTime } from "../../../build/release-time.ts";

afterEach(() => vi.unstubAllEnvs());

it("is what SOURCE_DATE_EPOCH says", () => {
  vi.stubEnv("SOURCE_DATE_EPOCH", "1800000000");
  expect(releaseTime("/nowhere")).toBe(1_800_000_000);
});

it.each(["yesterday", "", "-1"])("is not %j", (text) => {
  vi.stubEnv("SOURCE_DATE_EPOCH", text);
  expect(() => releaseTime("/nowhere")).toThrow(`SOURCE_DATE_EPOCH: "${text}" is no number`);
});

it("asks for it where there is no commit", () => {
  vi.stubEnv("SOURCE_DATE_EPOCH", undefined);
  vi.stubEnv("GIT_CEILING_DIRECTORIES", tmpdir());
  expect(() => releaseTime(tmpdir())).toThrow("set SOURCE_DATE_EPOCH to it");
});
