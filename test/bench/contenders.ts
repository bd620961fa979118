import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
export const executable = join(root, "dist", `pipit-linux-${process.arch}`);
const SAYS_LIMIT_MS = 30_000;
const LOOPBACK = "127.0.0.1";
const floorSource = join(import.meta.dirname, "floor.c");

export interface Contender extends AsyncDisposable {
  readonly pid: number;
  /** Rejects when it ends by itself; to be raced with what is waited for. */
  failure(): Promise<never>;
  /** Asks it to end. Resolves to its exit code, or the signal that ended it. */
  end(): Promise<number | string>;
}

export interface Start {
  /** For what it has to write. */
  readonly folder: string;
  readonly port: number;
  readonly token: string;
  readonly intervalMs: number;
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** What the program is started by, and replaces: `["nsenter", …]`. */
  readonly through?: readonly string[];
  /** Beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of every command: `["--sysroot", folder]`. */
  readonly options?: readonly string[];
  /** What Pipit is; default: the executable. */
  readonly program?: readonly string[];
  /** Further keys of [server], lines of TOML. */
  readonly serverToml?: string;
}

/** Whom a server has to show itself to be, and by whose word: a file with that certificate, PEM. */
export interface Trust {
  readonly serverName: string;
  readonly caFile: string;
}

/** Makes the executable where there is none, or one that is older than what it is made of. */
export function buildPipit(): void {
  const newestMs = Math.max(...["agent", "build"].flatMap(changedMs));
  if (existsSync(executable) && statSync(executable).mtimeMs >= newestMs) return;
  execFileSync("npm", ["run", "--silent", "build", "--", "--arch", process.arch], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
}

/** When each file below a folder of the project was last written. */
const changedMs = (folder: string): readonly number[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);

export function buildFloor(folder: string): string {
  const program = join(folder, "floor");
  execFileSync("cc", ["-O2", "-o", program, floorSource], { stdio: ["ignore", 2, 2] });
  return program;
}

/**
 * The executable with default settings but for server and interval: it takes over the token, and what is returned runs it.
 * With `trust` by coaps://, without by coap://.
 */
export async function preparePipit(
  start: Start,
  trust: Trust | null = null,
): Promise<() => Contender> {
  const {
    folder,
    host = LOOPBACK,
    port,
    token,
    intervalMs,
    through = [],
    env,
    options = [],
    program: pipit = [executable],
    serverToml = "",
  } = start;
  const config = join(folder, "pipit.toml");
  const server = trust
    ? `url = "coaps://${host}:${port}"\nserver_name = "${trust.serverName}"\nca_file = "${trust.caFile}"`
    : `url = "coap://${host}:${port}"`;
  const telemetry = `[telemetry]\ninterval = "${intervalMs}ms"`;
  writeFileSync(config, `[server]\n${server}\n${serverToml}\n${telemetry}\n`, { mode: 0o600 });
  const place = ["--config", config, "--state", join(folder, "state"), ...options];
  const [program = "", ...args] = [...through, ...pipit];
  // Not execFileSync: the server that it asks runs in this very process.
  const adopting = run(program, [...args, "provision", "--token-stdin", ...place]);
  adopting.child.stdin?.end(token);
  await adopting;
  return () =>
    startProgram([program, ...args, "run", ...place], { ...serviceEnvironment(), ...env });
}

/** What the unit starts it with. */
export function serviceEnvironment(): Readonly<Record<string, string>> {
  const unit = readFileSync(join(root, "systemd/pipit.service"), "utf8");
  const lines = [...unit.matchAll(/^Environment=(.*)$/gm)].map(([, given = ""]) => given);
  const pairs = lines.flatMap((line) => line.split(" ")).map((pair) => pair.split("=", 2));
  return Object.fromEntries(pairs);
}

/** Sends JSON of the same length as Pipit does. */
export function startFloor(program: string, start: Start, jsonBytes: number): Contender {
  const { host = LOOPBACK, port, token, intervalMs, through = [] } = start;
  return startProgram([
    ...through,
    program,
    ...[host, port, token, intervalMs, jsonBytes].map(String),
  ]);
}

export const startProgram = (
  [program = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Contender =>
  watched(
    spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    }),
  );

/** The command of a program of this folder. */
export const onNode = (file: string, ...args: readonly string[]): readonly string[] => [
  process.execPath,
  "--disable-warning=ExperimentalWarning",
  join(import.meta.dirname, file),
  ...args,
];

export interface Helper extends Contender {
  /** Resolves with the next line, of either output, that matches; rejects when there is none in half a minute. */
  says(pattern: RegExp): Promise<string>;
  tell(line: string): void;
}

/** A program that is talked with, line by line. */
export function startHelper([program = "", ...args]: readonly string[]): Helper {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  const outputs = [child.stdout, child.stderr].map((stream) => createInterface(stream));
  const contender = watched(child);
  return {
    ...contender,
    says(pattern) {
      const said = Promise.withResolvers<string>();
      const late = () => said.reject(new Error(`${program} does not say ${pattern}`));
      const limit = setTimeout(late, SAYS_LIMIT_MS);
      const listen = (line: string) => {
        if (pattern.test(line)) said.resolve(line);
      };
      for (const output of outputs) output.on("line", listen);
      return Promise.race([said.promise, contender.failure()]).finally(() => {
        clearTimeout(limit);
        for (const output of outputs) output.off("line", listen);
      });
    },
    tell: (line) => void child.stdin.write(`${line}\n`),
  };
}

function watched(child: ChildProcess): Contender {
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const closed = once(child, "close");
  return {
    pid: child.pid ?? Number.NaN,
    async failure() {
      const [code, signal] = await closed;
      const command = child.spawnargs.join(" ");
      throw new Error(`${command} has ended with ${code ?? signal}:\n${stderr}`);
    },
    async end() {
      child.kill("SIGTERM");
      const [code, signal] = await closed;
      return code ?? signal;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
