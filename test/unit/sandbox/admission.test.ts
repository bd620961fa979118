import { expect, test } from "vitest";
import { createAdmission } from "../../../agent/sandbox/admission.ts";
import { noFaults } from "../../../agent/sandbox/faults.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const [one, other] = [{ name: "one" }, { name: "other" }];

test("all devices of a tenant draw from one bucket, telemetry and other messages from two", async () => {
  const clock = virtualClock();
  const { admit, clear } = createAdmission(clock, () => ({ ...noFaults, tenantRate: 2 }));
  expect([admit(one, 30), admit(other, 30), admit(one, 30), admit(other, 30)]).toEqual([
    ...[true, true, false, false],
  ]);
  expect(admit(one, 0)).toBe(true);
  await clock.advance(500);
  expect([admit(other, 1), admit(one, 1)]).toEqual([true, false]);
  clear();
  expect(admit(one, 1)).toBe(true);
});

test("what a device may not send has cost the tenant a message", () => {
  const { admit } = createAdmission(virtualClock(), () => ({
    ...noFaults,
    tenantRate: 2,
    rate: 1,
  }));
  expect([admit(one, 1), admit(one, 1), admit(other, 1)]).toEqual([true, false, false]);
});

test("a message with more points than a device may send is refused, whoever else is quiet", () => {
  const { admit } = createAdmission(virtualClock(), () => ({ ...noFaults, pointRate: 3 }));
  expect([admit(one, 4), admit(one, 3), admit(other, 3)]).toEqual([false, true, true]);
});
