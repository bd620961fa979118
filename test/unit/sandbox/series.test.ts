import { expect, test } from "vitest";
import { createSeries } from "../../../agent/sandbox/series.ts";
import { isStorableKey } from "../../../agent/sandbox/storable-key.ts";

const limits = { mostKeys: 10, keepPoints: 10, rememberTimestamps: 10, rememberSamples: 10 };
const point = (key: string, ts: number, value: number) =>
  ({ key, ts, type: "LONG", value, text: String(value) }) as const;

test("the same key and instant is overwritten and counted as a repeat", () => {
  const series = createSeries(limits);
  series.write([point("a", 1, 1), point("b", 1, 1), point("a", 2, 1)]);
  series.write([point("a", 1, 9)]);
  const { samples, points, repeats, keys } = series.snapshot();
  expect({ samples, points, repeats }).toEqual({ samples: 2, points: 3, repeats: 1 });
  expect(keys["a"]?.recent.map(({ value }) => value)).toEqual([9, 1]);
});

test("a sample in two parts is one, with others between them", () => {
  const series = createSeries({ ...limits, rememberTimestamps: 1, rememberSamples: 3 });
  for (const ts of [1, 2, 3]) series.write([point("a", ts, 1)]);
  series.write([point("b", 1, 1)]);
  expect(series.snapshot().samples).toBe(3);
});

test("the latest value moves forward in time only, whatever the order of arrival", () => {
  const series = createSeries(limits);
  for (const ts of [5, 9, 7]) series.write([point("a", ts, ts)]);
  const { latest, recent } = series.snapshot().keys["a"] ?? expect.unreachable();
  expect(latest.value).toBe(9);
  expect(recent.map(({ ts }) => ts)).toEqual([5, 7, 9]);
});

test("values are kept within bounds while the counts go on", () => {
  const series = createSeries({ ...limits, keepPoints: 3, rememberTimestamps: 1_000 });
  for (let ts = 0; ts < 100; ts++) series.write([point("a", ts, ts)]);
  const { points, recent } = series.snapshot().keys["a"] ?? expect.unreachable();
  expect(points).toBe(100);
  expect(recent.map(({ ts }) => ts)).toEqual([97, 98, 99]);
});

test("beyond the most keys a message is not stored at all, and those of known keys still are", () => {
  const series = createSeries({ ...limits, mostKeys: 3 });
  expect(series.write([point("a", 1, 1), point("b", 1, 1), point("b", 2, 1)])).toBe(true);
  expect(series.write([point("a", 3, 1), point("c", 3, 1), point("d", 3, 1)])).toBe(false);
  expect(series.snapshot()).toMatchObject({ samples: 2, points: 3 });
  expect(series.write([point("c", 4, 1), point("c", 5, 1)])).toBe(true);
  expect(series.write([point("d", 6, 1)])).toBe(false);
  expect(series.write([point("a", 6, 1)])).toBe(true);
  expect(Object.keys(series.snapshot().keys)).toEqual(["a", "b", "c"]);
});

test.each<[string, boolean]>([
  ["cpuTemperature", true],
  ["a < b", true],
  ["", false],
  ["  ", false],
  ["x".repeat(255), true],
  ["x".repeat(256), false],
  ["<b>", false],
  ["</script", false],
])("whether storage takes the key %j: %s", (key, expected) => {
  expect(isStorableKey(key)).toBe(expected);
});
