import { expect, it } from "vitest";
import { parseMemory } from "../../../agent/collectors/memory.ts";

const text = (available: string) =>
  `MemTotal:        1000000 kB\nMemFree:          100000 kB\n${available}Cached: 1 kB\n`;

it("counts as used what programs cannot get, in units of 1024 bytes", () => {
  expect(parseMemory(text("MemAvailable:     750000 kB\n"))).toEqual({
    memoryUsage: 25,
    memoryAvailableMb: 768, // 750000 x 1024 / 1e6
  });
});

it("leaves the readings out where the kernel gives no estimate, and does not use MemFree", () => {
  expect(parseMemory(text(""))).toEqual({});
});

it.each([
  "",
  "MemAvailable: 1 kB\n",
  "MemTotal: 12abc kB\nMemAvailable: 1 kB\n",
  "MemTotal: 64 MB\nMemAvailable: 1 kB\n",
  "MemTotal: 0 kB\nMemAvailable: 0 kB\n",
  "MemTotal: 10 kB\nMemAvailable: 11 kB\n",
  "MemTotal: -10 kB\nMemAvailable: 1 kB\n",
  "MemTotal: 9007199254740991 kB\nMemAvailable: 1 kB\n",
])("refuses %j", (broken) => {
  expect(() => parseMemory(broken)).toThrow(
    expect.objectContaining({ kind: "sensor", message: expect.stringContaining("/proc/meminfo") }),
  );
});
