import type { LogFields, Logger } from "../ports.ts";

/** Most severe first; the number is syslog's, which journald reads from a "<N>" prefix (sd-daemon(3)). */
const severities = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 } as const;

export type LogLevel = keyof typeof severities;

export interface LogOptions {
  readonly level: LogLevel;
  /** stderr is journald's socket: it wants "<N>" and adds the time itself. */
  readonly journald: boolean;
  /** One line without its newline. Must not throw. */
  write(line: string): void;
}

export interface Log extends Logger {
  setLevel(level: LogLevel): void;
}

/** `component: event key=value`: one line an event, secrets replaced by value wherever they turn up. */
export function createLog({ level, journald, write }: LogOptions): Log {
  let threshold: number = severities[level];
  const secrets = new Set<string>();

  const redact = (text: string) => {
    let clean = text;
    for (const secret of secrets) clean = clean.replaceAll(secret, "(secret)");
    return clean;
  };
  const line = (severity: number, component: string, event: string, fields: LogFields) => {
    if (severity > threshold) return;
    const prefix = journald ? `<${severity}>` : "";
    const parts = [`${component}: ${oneLine(redact(event))}`];
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
      protect: (secret) => {
        if (secret !== "") secrets.add(secret);
      },
    };
  };
  return {
    ...logger("agent"),
    setLevel: (name) => {
      threshold = severities[name];
    },
  };
}

/** A control character in a log is an escape sequence on somebody's terminal. */
const oneLine = (text: string) =>
  text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));

const quoted = (text: string) => (/^[^\s"=]+$/.test(text) ? oneLine(text) : JSON.stringify(text));
