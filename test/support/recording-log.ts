import type { LogFields, Logger } from "../../agent/ports.ts";

export interface LogLine {
  readonly level: "error" | "warn" | "notice" | "info" | "debug";
  readonly component: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** A log that keeps its lines for the test to look at. */
export function recordingLog(component = "", lines: LogLine[] = []): Logger & { lines: LogLine[] } {
  const at =
    (level: LogLine["level"]) =>
    (event: string, fields: LogFields = {}) =>
      void lines.push({ level, component, event, fields });
  return {
    lines,
    error: at("error"),
    warn: at("warn"),
    notice: at("notice"),
    info: at("info"),
    debug: at("debug"),
    child: (name) => recordingLog(name, lines),
    protect() {},
  };
}
