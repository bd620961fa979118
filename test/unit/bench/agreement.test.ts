import { expect, it } from "vitest";
import { compared, figuresOf } from "../../bench/agreement.ts";

const none = { notMeasured: "not here" };
const nothing = {
  ...{ machine: none, cpu: none, start: none, peers: none },
  ...{ growth: none, drain: none, wire: none },
};

const figure = (value: number, noise: number | null) => [{ name: "a", value, noise }];
const verdict = (...runs: Parameters<typeof compared>) => compared(...runs)[0]?.verdict;

it("takes the ratios of a run with their noise, and nothing that is 1 by nature", () => {
  const points = [
    { at: 0, cpuMs: 2, ratio: 1, noise: 0 },
    { at: 10, cpuMs: 4, ratio: 2.1, noise: 0.2 },
  ];
  const growth = { result: [{ of: "sensors", share: 0, points }] };
  const line = { what: "empty Node", coldMs: 1, warmMs: 1, limitMs: null, kept: true };
  const ratios = (value: number) => ({
    coldRatio: { value, noise: 0.3 },
    warmRatio: { value: 2 * value, noise: 0.1 },
  });
  const lines = [
    { ...line, ...ratios(1) },
    { ...line, what: "pipit", ...ratios(2) },
  ];
  expect(figuresOf({ ...nothing, growth, start: { result: { rounds: [], lines } } })).toEqual([
    { name: "pipit, cold", value: 2, noise: 0.3 },
    { name: "pipit, warm", value: 4, noise: 0.1 },
    { name: "sensors 10, x the first", value: 2.1, noise: 0.2 },
  ]);
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
