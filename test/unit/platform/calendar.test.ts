import { expect, it } from "vitest";
import { noCalendar, openCalendar } from "../../../agent/platform/calendar.ts";

it("gives the next time after now, on the minute", async () => {
  const calendar = await openCalendar();
  const now = Date.now();
  const next = calendar.next("*/5 * * * *");
  expect(next).toBeGreaterThan(now);
  expect(next - now).toBeLessThanOrEqual(300_000 + 1_000);
  expect(next % 300_000).toBe(0);
});

it("counts in the machine's own time zone", async () => {
  const next = new Date((await openCalendar()).next("30 6 * * *"));
  expect([next.getHours(), next.getMinutes()]).toEqual([6, 30]);
});

it.each(["daily", "61 * * * *", "0 0 31 2 *"])("refuses %j with what to write", async (text) => {
  const calendar = await openCalendar();
  expect(() => calendar.next(text)).toThrow(
    expect.objectContaining({ kind: "config", hint: expect.stringContaining('"0 6 * * *"') }),
  );
});

it("without a schedule there is no calendar, and nothing is loaded", () => {
  expect(() => noCalendar.next("0 6 * * *")).toThrow(expect.objectContaining({ kind: "config" }));
});
