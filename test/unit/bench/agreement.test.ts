import { expect, it } from "vitest";
import { compared, figuresOf } from "../../bench/agreement.ts";

const none = { notMeasured: "not here" };
const nothing = {
  ...{ machine: none, cpu: none, start: none, peers: none },
  ...{ growth: none, drain: none, wire: none },
};

const figure = (value: number, noise: number | null) => [{ name: "a", value, noise }];
const verdict = (...runs: Parameters<typeof compared>) => compared(...runs)[0]?.verdict;

it("takes the ratios of a run with the noise of both that they are made of", () => {
  const points = [
    { at: 0, cpuMs: 2, noise: 0.1 },
    { at: 10, cpuMs: 4, noise: 0.2 },
  ];
  const [figure] = figuresOf({
    ...nothing,
    growth: { result: [{ of: "sensors", share: 0, points }] },
  });
  expect(figure).toMatchObject({ name: "sensors 10, x the first", value: 2 });
  expect(figure?.noise).toBeCloseTo(0.32);
});

it("takes what is on the wire beside the JSON to the byte", () => {
  const on = (up: number) => ({
    ...{ cpuMs: 1, up, down: 40.4, jsonBytes: 200.1, messageBytes: up - 28 },
  });
  const windows = [{ floor: on(274), pipitCoap: on(281.7) }];
  const traffic = { up: { bytes: 0, packets: 0 }, down: { bytes: 0, packets: 0 } };
  const setUps = { full: traffic, resumed: traffic, mqtts: traffic };
  const result = { windows, setUps, handshakeCpu: null, withCpu: false };
  expect(figuresOf({ ...nothing, wire: { result } })).toEqual([
    { name: "pipit, coap://, bytes beside the JSON", value: 122, noise: null },
  ]);
});

it("two runs agree within the noise of both, in either direction", () => {
  expect(verdict(figure(1, 0.1), figure(1.2, 0.1))).toBe("agrees");
  expect(verdict(figure(1.2, 0.1), figure(1, 0.1))).toBe("agrees");
  expect(verdict(figure(1, 0.1), figure(1.22, 0.1))).toBe("DIFFERS");
  expect(verdict(figure(1, null), figure(9, 0.1))).toBe("?");
});

it("two runs whose noise lets one be twice the other do not agree: they say nothing", () => {
  expect(verdict(figure(1, 0.4), figure(1, 0.5))).toBe("too noisy");
  expect(verdict(figure(1, 0.4), figure(1, 0.4))).toBe("agrees");
  expect(verdict(figure(1, 0.4), figure(9, 0.5))).toBe("DIFFERS");
});

it("compares what both have measured", () => {
  const a = { name: "a", value: 1, noise: 0 };
  expect(compared([a], [{ ...a, name: "b" }])).toEqual([]);
});
