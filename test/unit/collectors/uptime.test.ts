import { expect, it } from "vitest";
import { parseUptime } from "../../../agent/collectors/uptime.ts";

it("keeps the whole seconds", () => {
  expect(parseUptime("86417.96 341250.11")).toEqual({ uptime: 86_417 });
});

it.each(["", "86417.96", "x 1", "-1 0", "1e400 0", "86417.96 y"])("refuses %j", (text) => {
  expect(() => parseUptime(text)).toThrow(
    expect.objectContaining({ kind: "sensor", message: expect.stringContaining("/proc/uptime") }),
  );
});
