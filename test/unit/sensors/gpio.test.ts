import { expect, it } from "vitest";
import type { GpioSensor } from "../../../agent/config/sensor-config.ts";
import { AgentError } from "../../../agent/errors.ts";
import type { Gpio } from "../../../agent/ports.ts";
import { gpioSource } from "../../../agent/sensors/gpio.ts";
import { lookAt } from "../../support/look.ts";

const door: GpioSensor = {
  type: "gpio",
  id: "door",
  key: "doorOpen",
  enabled: true,
  interval: 1_000,
  schedule: null,
  unit: null,
  on_change: true,
  factor: 1,
  offset: 0,
  deadband: null,
  timeout: null,
  chip: "gpiochip0",
  line: 17,
  bias: "pull-up",
  active_low: true,
  edges: "both",
  debounce: 5,
};

/** A line whose edges count up; it is broken when a test says so. */
function fakeGpio() {
  const state = { opened: 0, closed: 0, edges: 0, broken: false };
  const gpio: Gpio = {
    open(request) {
      expect(request).toMatchObject({
        chip: "gpiochip0",
        line: 17,
        activeLow: true,
        debounceMs: 5,
      });
      state.opened++;
      return {
        isActive() {
          if (state.broken) throw new AgentError("sensor", "gone");
          return true;
        },
        edges: () => state.edges,
        [Symbol.dispose]: () => void state.closed++,
      };
    },
  };
  return { gpio, state };
}

it("gives the level under the key, and the edges since the start under its counter", async () => {
  const { gpio, state } = fakeGpio();
  const source = gpioSource(door, gpio);
  expect(source).toMatchObject({ intervalMs: 1_000, rule: { deadband: null, onChange: true } });
  state.edges = 4;
  expect(await lookAt(source.collect, 0)).toEqual({ doorOpen: true, doorOpenCount: 4 });
  expect(source.keys["doorOpenCount"]).toMatchObject({ whole: true });
});

it("gives the level alone where edges are not asked for", async () => {
  const { gpio } = fakeGpio();
  const source = gpioSource({ ...door, edges: "none" }, gpio);
  expect(await lookAt(source.collect, 0)).toEqual({ doorOpen: true });
});

it("opens the line anew after an error, and counts on", async () => {
  const { gpio, state } = fakeGpio();
  const { collect } = gpioSource(door, gpio);
  state.edges = 7;
  await lookAt(collect, 0);
  state.broken = true;
  await expect(lookAt(collect, 1)).rejects.toMatchObject({ kind: "sensor" });
  expect(state.closed).toBe(1);
  state.broken = false;
  state.edges = 2;
  expect(await lookAt(collect, 2)).toEqual({ doorOpen: true, doorOpenCount: 9 });
});
