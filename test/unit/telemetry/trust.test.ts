import { expect, it } from "vitest";
import { type ClockFacts, judgeClock } from "../../../agent/telemetry/trust.ts";

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const BUILT = 1_795_000_000_000;

const judged = (facts: Partial<ClockFacts>) =>
  judgeClock({
    trust: "auto",
    nowMs: BUILT + HOUR,
    builtMs: BUILT,
    knownMs: 0,
    isSynchronised: false,
    upMs: 10_000,
    waitMs: 60_000,
    wasTrusted: false,
    ...facts,
  });

it.each<[string, Partial<ClockFacts>, string]>([
  ["synchronised", { isSynchronised: true }, "synchronised"],
  ["plausible, and just booted", {}, "not synchronised yet"],
  ["plausible, a minute after the boot", { upMs: 60_000 }, "unsynchronised"],
  ["once trusted, and no more synchronised", { wasTrusted: true }, "unsynchronised"],
  ["in 1970", { nowMs: 20_000, upMs: HOUR }, "before this version was made"],
  [
    "in 1970, and said to be synchronised",
    { nowMs: 20_000, isSynchronised: true },
    "before this version was made",
  ],
  ["in 2099", { nowMs: BUILT + 73 * YEAR, upMs: HOUR }, "too far ahead"],
  [
    "where the last shutdown left it",
    { knownMs: BUILT + 2 * HOUR, upMs: HOUR },
    "before the last sample on the disk",
  ],
  ["caught up with the last sample", { knownMs: BUILT + HOUR, upMs: HOUR }, "unsynchronised"],
  [
    "set back while it was trusted",
    { knownMs: BUILT + 2 * HOUR, wasTrusted: true },
    "before the last sample on the disk",
  ],
  ["believed as it is", { trust: "always", nowMs: 0 }, "always"],
])("a clock that is %s", (_, facts, verdict) => {
  expect(judged(facts)).toBe(verdict);
});

it("a last known time that was ahead silences nobody for ever: a synchronised clock overrules it at once, any other after six hours", () => {
  const stranded = { knownMs: BUILT + YEAR };
  expect(judged({ ...stranded, isSynchronised: true })).toBe("synchronised");
  expect(judged({ ...stranded, upMs: 6 * HOUR - 1 })).toBe("before the last sample on the disk");
  expect(judged({ ...stranded, upMs: 6 * HOUR })).toBe("unsynchronised");
});
