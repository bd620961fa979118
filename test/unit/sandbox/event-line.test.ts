import { expect, test } from "vitest";
import type { SandboxEvent } from "../../../agent/sandbox/event.ts";
import { eventLine } from "../../../agent/sandbox/event-line.ts";

const event: SandboxEvent = {
  at: new Date(2026, 10, 22, 10, 42, 3).getTime(),
  peer: "127.0.0.1:41873",
  method: "POST",
  path: "telemetry",
  code: "2.01",
  device: "rpi-abcdef01",
  points: 14,
  values: [["cpuTemperature", 48.2]],
  sends: 1,
  repeat: false,
};

test("a line says when, what, how much, how it ended, and the first values", () => {
  expect(eventLine(event)).toBe(
    "10:42:03  POST telemetry     14 values    2.01  cpuTemperature=48.2 …",
  );
});

test("a line without values names the device", () => {
  expect(eventLine({ ...event, path: "provision", points: 0, values: [] })).toBe(
    "10:42:03  POST provision                  2.01  rpi-abcdef01",
  );
});

test("a line says how often a request had to be sent", () => {
  expect(eventLine({ ...event, sends: 3 })).toMatch(/… \(3 sends\)$/);
  expect(eventLine({ ...event, sends: 4, repeat: true })).toMatch(/\(4 sends, answered again\)$/);
});

test("one value, an unknown path and silence read well too", () => {
  const line = eventLine({ ...event, path: null, points: 1, code: "none", device: null });
  expect(line).toBe("10:42:03  POST ?             1 value      none  cpuTemperature=48.2");
});

test("colour marks the code and nothing else", () => {
  const line = eventLine({ ...event, code: "4.01" }, { color: true });
  expect(line).toContain("\u001b[31m4.01\u001b[0m");
  expect(line.replaceAll("\u001b[31m", "").replaceAll("\u001b[0m", "")).toBe(
    eventLine({ ...event, code: "4.01" }),
  );
});

test("what a device sends cannot steer the terminal or flood it", () => {
  const values = [["a\u001b[2J", `\u0007${"x".repeat(100)}`]] as const;
  const line = eventLine({ ...event, values });
  expect([...line].filter((character) => character < " ")).toEqual([]);
  expect(line.length).toBeLessThan(120);
});
