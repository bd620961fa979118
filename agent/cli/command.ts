import type { ParseArgsOptionsConfig } from "node:util";
import type { Secrets } from "../platform/secrets.ts";

export interface OptionSpec {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** Placeholder in the help: "FILE". */
  readonly value?: string;
  readonly help: string;
}

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** What a command may use of the process; tests pass their own. */
export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Data: stdout. */
  out(text: string): void;
  /** Talk: stderr. */
  err(text: string): void;
  /** Colour may be used on stdout: a terminal, no NO_COLOR, no --no-color. */
  readonly color: boolean;
  /** stderr is a terminal: log lines are for a person. */
  readonly terminal: boolean;
  /** What neither the log nor an error message may show. */
  readonly secrets: Secrets;
  /** Aborts on SIGINT and SIGTERM, and when nobody reads stdout any more. */
  readonly signal: AbortSignal;
  /** Calls back on SIGHUP until disposed. */
  onHangup(callback: () => void): Disposable;
}

export interface Invocation {
  readonly shell: Shell;
  readonly options: OptionValues;
  readonly positionals: readonly string[];
}

/** One file per command. Options are data, from which both the parser and the help are made. */
export interface Command {
  /** "run", "config check". */
  readonly name: string;
  readonly summary: string;
  /** Positional arguments for the help line: "[COLLECTOR...]"; "" for none. */
  readonly arguments?: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Not shown in the list of commands. */
  readonly hidden?: true;
  /** Resolves to the exit code. */
  run(invocation: Invocation): Promise<number>;
}

/** Wrong usage: exit 64 with the message and a pointer to the help. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Every command takes these. */
export const commonOptions: Readonly<Record<string, OptionSpec>> = {
  config: { type: "string", value: "FILE", help: "read this file alone, no config.d" },
  state: {
    type: "string",
    value: "DIR",
    help: "state folder (else $STATE_DIRECTORY, else /var/lib/pipit)",
  },
  sysroot: { type: "string", value: "DIR", help: "read /proc, /sys and /etc below this folder" },
  "no-color": { type: "boolean", help: "plain text" },
  help: { type: "boolean", short: "h", help: "show this help" },
  version: { type: "boolean", help: "show the version" },
};

export const parserOptions = (command: Command): ParseArgsOptionsConfig =>
  Object.fromEntries(
    Object.entries({ ...commonOptions, ...command.options }).map(([name, { type, short }]) => [
      name,
      short === undefined ? { type } : { type, short },
    ]),
  );
