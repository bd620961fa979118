import { expect, test } from "vitest";
import { createFaultSwitches, parseFaults } from "../../../agent/sandbox/faults.ts";

test.each<[Record<string, unknown>]>([
  [{ lossUp: 0.5, lossDown: 100, duplicate: 0, failPercent: 99.9 }],
  [{ delayMs: 86_400_000, lateProvisionAnswerMs: 0 }],
  [{ dropProvisionAnswers: 1, dropAnswers: 0, failNext: 1_000_000, resetNext: 2 }],
  [{ rate: 20, pointRate: 0, tenantRate: 1_000 }],
  [{ outage: true, answerStyle: "slow" }],
])("%j can be set", (faults) => {
  expect(parseFaults(faults)).toEqual(faults);
});

test.each<[Record<string, unknown>, string]>([
  [{ delayMs: 1e300 }, "delayMs is a whole number from 0 to 86400000"],
  [{ delayMs: 86_400_001 }, "delayMs is a whole number from 0 to 86400000"],
  [{ lateProvisionAnswerMs: 0.5 }, "lateProvisionAnswerMs is a whole number from 0 to 86400000"],
  [{ dropAnswers: 0.5 }, "dropAnswers is a whole number from 0 on"],
  [{ dropProvisionAnswers: 1.5 }, "dropProvisionAnswers is a whole number from 0 on"],
  [{ failNext: -1 }, "failNext is a whole number from 0 on"],
  [{ resetNext: 1e300 }, "resetNext is a whole number from 0 on"],
  [{ rate: 0.5 }, "rate is a whole number from 0 on"],
  [{ pointRate: Number.POSITIVE_INFINITY }, "pointRate is a whole number from 0 on"],
  [{ tenantRate: -1 }, "tenantRate is a whole number from 0 on"],
  [{ lossUp: 101 }, "lossUp is a percentage from 0 to 100"],
  [{ failPercent: -1 }, "failPercent is a percentage from 0 to 100"],
  [{ duplicate: Number.NaN }, "duplicate is a percentage from 0 to 100"],
  [{ lossDown: "5" }, "lossDown is a percentage from 0 to 100"],
  [{ outage: 1 }, "outage is true or false"],
  [{ answerStyle: "loud" }, "answerStyle is separate, piggybacked, slow"],
  [{ toString: 1 }, 'there is no fault "toString"'],
])("%j is refused: %s", (faults, message) => {
  expect(() => parseFaults(faults)).toThrow(message);
});

test("what is refused changes nothing", () => {
  const switches = createFaultSwitches({ failNext: 2 });
  expect(() => switches.set({ failNext: 5, delayMs: -1 })).toThrow("delayMs");
  expect(switches.now()).toMatchObject({ failNext: 2, delayMs: 0 });
});

test("a counted fault is used up one by one", () => {
  const switches = createFaultSwitches({ failNext: 2 });
  expect([1, 2, 3].map(() => switches.take("failNext"))).toEqual([true, true, false]);
  expect(switches.now().failNext).toBe(0);
});
