import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const root = join(import.meta.dirname, "../..");

export interface PipitProcess {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when standard output or error has matched; rejects when the process ends before. */
  seen(pattern: RegExp): Promise<void>;
  /** Resolves to the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

/**
 * The real program in a process of its own, killed with the test at the latest. `through`: what it is started by, and replaces:
 * `["unshare", "-n"]`.
 */
export function pipit(
  args: readonly string[],
  {
    env = {},
    input = "",
    imports = [],
    nodeFlags = [],
    through = [],
    executable,
  }: {
    env?: Record<string, string>;
    input?: string;
    /** Modules that are loaded before the program, to change what it stands on. */
    imports?: readonly string[];
    /** Beside those that every run has. */
    nodeFlags?: readonly string[];
    /** A command that starts the program: "unshare", say. */
    through?: readonly string[];
    /** A built executable, in place of the source. */
    executable?: string;
  } = {},
): PipitProcess {
  const hooks = imports.flatMap((module) => ["--import", module]);
  const flags = ["--disable-warning=ExperimentalWarning", ...nodeFlags, ...hooks];
  const program =
    executable === undefined ? [process.execPath, ...flags, "agent/main.ts"] : [executable];
  const [command = "", ...rest] = [...through, ...program, ...args];
  const child = spawn(command, rest, {
    cwd: root,
    env: { ...handedOn("PATH", "NODE_COMPILE_CACHE"), ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(input);
  onTestFinished(() => void child.kill("SIGKILL"));
  const text = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text.out += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    text.err += chunk;
  });
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  const seen = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (pattern.test(text.out) || pattern.test(text.err)) resolve();
      };
      child.stdout.on("data", look);
      child.stderr.on("data", look);
      const over = () => {
        look();
        reject(new Error(`ended without ${pattern}:\n${text.out}\n${text.err}`));
      };
      ended.then(over, over);
      look();
    });
  return { child, stdout: () => text.out, stderr: () => text.err, seen, ended };
}

/** Of the test's own environment, nothing but these. */
const handedOn = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, process.env[name]]));
