import type { LogFields, Logger } from "../ports.ts";
import { printable } from "./printable.ts";
import { createSecrets, type Secrets } from "./secrets.ts";

/** Most severe first; the number is syslog's, which journald reads from a "<N>" prefix (sd-daemon(3)). */
const severities = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 } as const;

export type LogLevel = keyof typeof severities;

export interface LogOptions {
  readonly level: LogLevel;
  /** stderr is journald's socket: it wants "<N>" and adds the time itself. */
  readonly journald: boolean;
  /** One line without its newline. Must not throw. */
  write(line: string): void;
  /** Shared with whatever else writes where secrets may turn up. Default: the log's own. */
  readonly secrets?: Secrets;
}

export interface Log extends Logger {
  setLevel(level: LogLevel): void;
  /** `text` without the secrets that were protected: for output that is not this log's. */
  redact(text: string): string;
}

/** `component: event key=value`: one line an event, secrets replaced by value wherever they turn up. */
export function createLog(options: LogOptions): Log {
  const { level, journald, write, secrets = createSecrets() } = options;
  const { protect, redact } = secrets;
  let threshold: number = severities[level];

  const line = (severity: number, component: string, event: string, fields: LogFields) => {
    if (severity > threshold) return;
    const prefix = journald ? `<${severity}>` : "";
    const parts = [`${component}: ${printable(redact(event))}`];
    for (const [key, value] of Object.entries(fields)) {
      if (value !== undefined && value !== null)
        parts.push(`${key}=${quoted(redact(String(value)))}`);
    }
    write(prefix + parts.join(" "));
  };
  const logger = (component: string): Logger => {
    const at =
      (name: LogLevel) =>
      (event: string, fields: LogFields = {}) =>
        line(severities[name], component, event, fields);
    return {
      error: at("error"),
      warn: at("warning"),
      notice: at("notice"),
      info: at("info"),
      debug: at("debug"),
      child: logger,
      protect,
    };
  };
  return {
    ...logger("agent"),
    redact,
    setLevel: (name) => {
      threshold = severities[name];
    },
  };
}

const quoted = (text: string) => printable(/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text));
