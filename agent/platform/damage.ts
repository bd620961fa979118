import type { LogFields, Logger } from "../ports.ts";
import type { Standing } from "../standing.ts";

/**
 * The log of somebody who reads the state folder, where a line of this severity tells of damage: it was mended or set aside, and
 * the run goes on, but whoever asks how it is has to hear of it.
 */
export function noteDamage(log: Logger, standing: Standing, severity: "error" | "warn"): Logger {
  return {
    ...log,
    [severity]: (event: string, fields: LogFields = {}) => {
      log[severity](event, fields);
      const where = fields["file"] ?? fields["segment"];
      standing.raise({
        name: "damage",
        code: "P053",
        text: where === undefined ? event : `${event}: ${where}`,
        fix: "look for a failing card: dmesg. What was damaged lies beside, in the state folder",
      });
    },
  } satisfies Logger;
}
