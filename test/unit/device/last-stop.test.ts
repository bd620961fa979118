import { expect, it } from "vitest";
import { lastStopOf } from "../../../agent/device/last-stop.ts";
import type { Run } from "../../../agent/ports.ts";

it.each<[Pick<Run, "bootId" | "clean"> | null, string | null, string]>([
  [null, "b", "firstStart"],
  [{ bootId: "a", clean: true }, "b", "reboot"],
  [{ bootId: "a", clean: false }, "b", "powerCut"],
  [{ bootId: "b", clean: true }, "b", "stop"],
  [{ bootId: "b", clean: false }, "b", "crash"],
  [{ bootId: null, clean: true }, "b", "stop"],
  [{ bootId: "a", clean: false }, null, "crash"],
])("after %j in boot %j the last stop is %s", (previous, bootId, expected) => {
  expect(lastStopOf(previous, bootId)).toBe(expected);
});
