import type { Collector } from "./collector.ts";
import { scaled, unexpected } from "./parse.ts";
import { readOptional } from "./read.ts";

const FOLDER = "/proc/pressure";

const files = { pressureCpu: "cpu", pressureMemory: "memory", pressureIo: "io" } as const;

const spec = (file: string, waited: string) => ({
  unit: "%",
  meaning: `time in which a task waited for ${waited}, mean of 10 s`,
  source: `${FOLDER}/${file}`,
});

/**
 * How much of the last 10 s at least one task had to wait (kernel documentation, accounting/psi):
 *
 *     some avg10=1.53 avg60=0.87 avg300=0.22 total=1822394
 *     full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *
 * A kernel that was started without `psi=1` may not have the files.
 */
export const pressure: Collector = {
  name: "pressure",
  metric: "pressure",
  keys: {
    pressureCpu: spec(files.pressureCpu, "a processor"),
    pressureMemory: spec(files.pressureMemory, "memory"),
    pressureIo: spec(files.pressureIo, "a disk or card"),
  },
  open: (host) => async () => {
    const readings: Record<string, number> = {};
    for (const [key, file] of Object.entries(files)) {
      const path = `${FOLDER}/${file}`;
      const text = await readOptional(host, path);
      if (text !== null) readings[key] = parsePressure(path, text);
    }
    return Object.keys(readings).length === 0 ? null : readings;
  },
};

/** Per cent. @throws AgentError `sensor` */
export function parsePressure(path: string, text: string): number {
  const percent = scaled(/^some avg10=(\S+) /m.exec(text)?.[1], 1, 0, 100);
  if (percent === null) throw unexpected(path, "a share of stalled time", text);
  return percent;
}
