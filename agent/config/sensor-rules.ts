import type { SensorConfig } from "./sensor-config.ts";

/** Others than kernel channels are named by their key, or by what they read. */
export const withId = (sensor: SensorConfig): SensorConfig => {
  if (sensor.id) return sensor;
  switch (sensor.type) {
    case "kernel":
      return sensor;
    case "gpio":
      return { ...sensor, id: sensor.key };
    case "exec":
      return { ...sensor, id: sensor.key ?? sensor.command.join(" ") };
    case "file":
      return { ...sensor, id: sensor.key ?? sensor.path };
  }
};

const CHANNEL_ID = /^[^@/\s]+@[^@/\s]+\/[^@/\s]+$/;
const LEAST_EXEC_MS = 1_000;

/** What is right by itself and wrong together. */
export function contradiction(sensor: SensorConfig): { at: string; message: string } | null {
  const { type, key, interval } = sensor;
  if (sensor.schedule !== null && interval !== null)
    return { at: "schedule", message: "schedule and interval are both given; remove one" };
  if (type === "kernel" && !CHANNEL_ID.test(sensor.id ?? ""))
    return {
      at: "id",
      message: `id is missing, or no channel; run pipit sensors scan, it looks like "bme280@1-0076/temp"`,
    };
  const needsKey =
    type === "gpio" || ((type === "exec" || type === "file") && sensor.format === "number");
  if (needsKey && !key)
    return { at: "", message: 'key is missing here; add it, like: key = "tankLevel"' };
  if (type === "exec" && interval !== null && interval < LEAST_EXEC_MS)
    return { at: "interval", message: 'interval is too short for a program; write "1s" or more' };
  if (type !== "file") return null;
  if (!["number", "json"].includes(sensor.format))
    return { at: "format", message: 'format of a file is "number" or "json"; write one of them' };
  if (sensor.pattern !== null && sensor.format !== "number")
    return { at: "pattern", message: 'pattern is for format = "number"; remove one of them' };
  return null;
}
