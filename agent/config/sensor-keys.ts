import type { SensorConfig } from "./sensor-config.ts";

/** Under which the edges of an input line are counted. */
export const countKey = (key: string): string => `${key}Count`;

/** The telemetry keys that an entry names. Those in a program's JSON nobody knows before it ran; there `key` is a prefix. */
export function sensorKeys(config: SensorConfig): readonly string[] {
  const { key, type } = config;
  if (key === null) return [];
  if (type === "gpio") return config.edges === "none" ? [key] : [key, countKey(key)];
  return type === "kernel" || config.format === "number" ? [key] : [];
}
