import type { GpioSensor } from "../config/sensor-config.ts";
import { countKey } from "../config/sensor-keys.ts";
import type { Gpio, Readings } from "../ports.ts";
import { LOOK_DEADLINE_MS, type Source } from "../source.ts";
import { sourceOf } from "./from-config.ts";

/** An input line: its level under the key, and with `edges` how often it changed since the agent started. */
export function gpioSource(config: GpioSensor, gpio: Gpio): Source {
  const {
    id,
    key,
    chip,
    line,
    bias,
    active_low: activeLow,
    edges,
    debounce,
    unit,
    timeout,
  } = config;
  const request = { chip, line, bias, activeLow, edges, debounceMs: debounce };
  const counter = countKey(key);
  const counts = edges !== "none";
  const source = `${chip} line ${line}`;
  /** Of lines before an error: a chip that comes back counts on. */
  let before = 0;
  let counted = 0;

  const collect = async (): Promise<Readings> => {
    const opened = gpio.open(request);
    try {
      const level = opened.isActive();
      if (!counts) return { [key]: level };
      counted = opened.edges();
      return { [key]: level, [counter]: before + counted };
    } catch (error) {
      opened[Symbol.dispose](); // opened anew at the next look
      before += counted;
      counted = 0;
      throw error;
    }
  };
  return sourceOf(config, {
    name: `gpio ${id}`,
    group: null,
    deadlineMs: timeout ?? LOOK_DEADLINE_MS,
    keys: {
      [key]: { unit: unit ?? "", source },
      ...(counts ? { [counter]: { unit: "", source, whole: true as const } } : {}),
    },
    collect,
  });
}
