import { expect, it } from "vitest";
import { certificateTimeError } from "../../../agent/dtls/certificate-time.ts";

const DAY = 86_400_000;
const validity = { notBeforeMs: 1_000 * DAY, notAfterMs: 1_090 * DAY };
const at = (day: number, isTrusted: boolean) =>
  certificateTimeError(validity, { nowMs: day * DAY, isTrusted });

it("finds nothing while the certificate is valid, whatever the clock is worth", () => {
  for (const day of [1_000, 1_045, 1_090]) {
    expect(at(day, true)).toBeNull();
    expect(at(day, false)).toBeNull();
  }
});

it("a clock that is not set is named, with what to do about it", () => {
  expect(at(0, false)).toEqual({
    message: "the server's certificate becomes valid in 1000 days, by a clock that is not set yet",
    hint: expect.stringContaining("timedatectl"),
  });
  expect(at(1_095, false)).toEqual({
    message: "the server's certificate expired 5 days ago, by a clock that is not trusted",
    hint: expect.stringContaining("timedatectl"),
  });
});

it("a clock that is trusted leaves the certificate as the reason", () => {
  expect(at(999.5, true)?.message).toBe(
    "the server's certificate becomes valid in less than a day",
  );
  expect(at(1_092, true)).toEqual({
    message: "the server's certificate expired 2 days ago",
    hint: expect.stringContaining("renew"),
  });
});
