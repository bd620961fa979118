import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const executable = join(root, "dist", `pipit-linux-${process.arch}`);
const floorSource = join(import.meta.dirname, "floor.c");

export interface Contender extends AsyncDisposable {
  readonly pid: number;
  /** Rejects when it ends by itself; to be raced with what is waited for. */
  failure(): Promise<never>;
}

export interface Start {
  /** For what it has to write. */
  readonly folder: string;
  readonly port: number;
  readonly token: string;
  readonly intervalMs: number;
}

/** Makes the executable where there is none. */
export function buildPipit(): void {
  if (existsSync(executable)) return;
  execFileSync("npm", ["run", "--silent", "build", "--", "--arch", process.arch], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
}

/** @throws Error says how to get a compiler; with `install` gets it from Debian */
export function buildFloor(folder: string, install: boolean): string {
  const program = join(folder, "floor");
  const compile = () =>
    execFileSync("cc", ["-O2", "-o", program, floorSource], { stdio: ["ignore", 2, 2] });
  try {
    compile();
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (!install)
      throw new Error("there is no C compiler: sudo apt-get install gcc libc6-dev, or --install", {
        cause: error,
      });
    const packages = ["--yes", "--quiet", "--no-install-recommends", "gcc", "libc6-dev"];
    execFileSync("apt-get", ["install", ...packages], { stdio: ["ignore", 2, 2] });
    compile();
  }
  return program;
}

/** The executable with default settings but for server and interval; it takes over the token before it runs. */
export async function startPipit(start: Start): Promise<Contender> {
  const { folder, port, token, intervalMs } = start;
  const config = join(folder, "pipit.toml");
  writeFileSync(
    config,
    `[server]\nurl = "coap://127.0.0.1:${port}"\n[telemetry]\ninterval = "${intervalMs}ms"\n`,
    { mode: 0o600 },
  );
  const place = ["--config", config, "--state", join(folder, "state")];
  // Not execFileSync: the server that it asks runs in this very process.
  const adopting = run(executable, ["provision", "--token-stdin", ...place]);
  adopting.child.stdin?.end(token);
  await adopting;
  return contender(executable, ["run", ...place]);
}

/** Sends JSON of the same length as Pipit does. */
export function startFloor(program: string, start: Start, jsonBytes: number): Contender {
  const { port, token, intervalMs } = start;
  return contender(program, [port, token, intervalMs, jsonBytes].map(String));
}

function contender(program: string, args: readonly string[]): Contender {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const closed = once(child, "close");
  return {
    pid: child.pid ?? Number.NaN,
    async failure() {
      const [code, signal] = await closed;
      throw new Error(`${program} has ended with ${code ?? signal}:\n${stderr}`);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

const isMissing = (error: unknown) =>
  error instanceof Error && "code" in error && error.code === "ENOENT";
