import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkSchedule } from "../../../agent/platform/schedule-check.ts";

describe("checkSchedule", () => {
  it.each(["0 6 * * *", "* * * * *", "*/15 * * * 1-5", "0 6 * * MON", " 0 6 * * 7 "])(
    "takes %j",
    (text) => {
      expect(checkSchedule(text)).toBeNull();
    },
  );

  it("refuses a field for seconds and names the shortest schedule", () => {
    expect(checkSchedule("*/5 * * * * *")).toMatch(/seconds.*1 minute or more; write minute, hour/);
  });

  it.each(["", "@daily", "0 6 * *", "0 6 * * * * *"])(
    "asks for five fields instead of %j",
    (text) => {
      expect(checkSchedule(text)).toMatch(/^is no cron expression of 5 fields; write /);
    },
  );

  it.each(["61 * * * *", "a b c d e", "0 0 31 2 *", "*/0 * * * *"])(
    "says why %j is wrong and what to write",
    (text) => {
      expect(checkSchedule(text)).toMatch(/^is no cron expression \(.+\); write /);
    },
  );

  it("never throws, whatever the text", () => {
    const field = fc.string({
      unit: fc.constantFrom(..."0123456789*/-,LW#?xMON".split("")),
      maxLength: 6,
    });
    const texts = fc.oneof(
      fc.string(),
      fc.array(field, { maxLength: 7 }).map((all) => all.join(" ")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const complaint = checkSchedule(text);
        expect(complaint === null || complaint.includes("write minute")).toBe(true);
      }),
    );
  });
});
