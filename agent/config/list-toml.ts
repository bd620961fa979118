import type { Lists } from "./config.ts";
import { type EntrySetting, jobSettings, sensorSettings } from "./sensor-settings.ts";

/** [[sensors]] and [[jobs]] as TOML; reading it gives the same entries again. */
export const listsToml = ({ sensors, jobs }: Lists): string =>
  [
    ...sensors.map((sensor) => entryToml("sensors", sensor, sensorSettings, sensor.type)),
    ...jobs.map((job) => entryToml("jobs", job, jobSettings)),
  ]
    .map((block) => `\n${block}\n`)
    .join("");

function entryToml(list: string, entry: object, rows: object, type?: string): string {
  const values = new Map<string, unknown>(Object.entries(entry));
  const lines = Object.entries<EntrySetting<unknown>>({ ...rows }).flatMap(([name, row]) => {
    const value = values.get(name);
    return value === null || value === undefined ? [] : [`${name} = ${row.kind.toToml(value)}`];
  });
  return [`[[${list}]]`, ...(type === undefined ? [] : [`type = "${type}"`]), ...lines].join("\n");
}
