import { expect, it } from "vitest";
import { parseSwap } from "../../../agent/collectors/swap.ts";

it("reads the share in use", () => {
  expect(parseSwap("MemTotal: 5 kB\nSwapTotal:  400 kB\nSwapFree:   100 kB\n")).toEqual({
    swapUsage: 75,
  });
});

it.each(["SwapTotal: 0 kB\nSwapFree: 0 kB\n", "MemTotal: 5 kB\n"])(
  "has no such subject without swap: %j",
  (text) => expect(parseSwap(text)).toBeNull(),
);

it.each(["SwapTotal: 10 kB\n", "SwapTotal: 10 kB\nSwapFree: 11 kB\n", "SwapTotal: 64 MB\n"])(
  "refuses %j",
  (text) => expect(() => parseSwap(text)).toThrow(expect.objectContaining({ kind: "sensor" })),
);
