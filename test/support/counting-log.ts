import type { LogFields, Logger } from "../../agent/ports.ts";

export interface CountingLog extends Logger {
  /** Lines by level and component: "warn device". Without `debug`, which nobody has on for a month. */
  readonly counts: ReadonlyMap<string, number>;
  readonly lines: number;
  /** The latest few, for the message of a failure. */
  readonly latest: readonly string[];
}

const MOST_KEPT = 30;

/** For runs whose log nobody could keep. */
export function countingLog(): CountingLog {
  const counts = new Map<string, number>();
  const latest: string[] = [];
  let lines = 0;
  const at =
    (level: string, component: string) =>
    (event: string, fields: LogFields = {}) => {
      const kind = `${level} ${component}`;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      lines++;
      latest.push(`${kind}: ${event} ${JSON.stringify(fields)}`);
      if (latest.length > MOST_KEPT) latest.shift();
    };
  const logger = (component: string): Logger => ({
    error: at("error", component),
    warn: at("warn", component),
    notice: at("notice", component),
    info: at("info", component),
    debug() {},
    child: logger,
    protect() {},
  });
  return {
    ...logger(""),
    counts,
    latest,
    get lines() {
      return lines;
    },
  };
}
