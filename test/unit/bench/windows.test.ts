import { expect, it } from "vitest";
import { InvalidWindow } from "../../bench/window.ts";
import { demandQuiet, validWindows } from "../../bench/windows.ts";

/** Of tries, those of which the word is "noise" say nothing. */
function measuring(...tries: readonly string[]) {
  const left = [...tries];
  return async () => {
    const said = left.shift() ?? "too often";
    if (said === "noise") throw new InvalidWindow(said);
    return said;
  };
}
const quietly = () => {};

it("measures a window that says nothing again, that one alone", async () => {
  const measure = measuring("first", "noise", "noise", "second");
  expect(await validWindows(2, quietly, measure)).toEqual(["first", "second"]);
});

it("gives up with the third one of all windows", async () => {
  const measure = measuring("noise", "first", "noise", "noise", "second");
  await expect(validWindows(2, quietly, measure)).rejects.toThrow(InvalidWindow);
});

it("knows a curve that says nothing by a point with more noise than figure", () => {
  const points = (noise: number | null) => [
    { at: 1, noise: 0.1 },
    { at: 30, noise },
  ];
  expect(() => demandQuiet("seconds", points(1))).not.toThrow();
  expect(() => demandQuiet("seconds", points(null))).not.toThrow();
  expect(() => demandQuiet("seconds", points(1.42))).toThrow("noise of ±142 % at 30 seconds");
});
