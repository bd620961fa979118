import { expect, it } from "vitest";
import { chosenCpus } from "../../../build/cpus.ts";

it("takes all CPUs where none is named, and each that is", () => {
  expect(chosenCpus()).toEqual(["x64", "arm64"]);
  expect(chosenCpus(["arm64"])).toEqual(["arm64"]);
  expect(chosenCpus(["arm64", "x64", "arm64"])).toEqual(["x64", "arm64"]);
});

it("names the CPUs that there are where another one is asked for", () => {
  expect(() => chosenCpus(["x64", "armv7"])).toThrow("--arch armv7: one of x64, arm64");
});
