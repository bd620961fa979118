import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const script = join(import.meta.dirname, "container.sh");
const run = promisify(execFile);

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Container extends AsyncDisposable {
  /** Its root folder, to put files in. */
  readonly root: string;
  /** Runs a command inside as root; a failing command is an outcome, not an error. */
  exec(...command: readonly string[]): Promise<Outcome>;
  /** Runs a command that must succeed. Resolves to what it printed, trimmed; rejects with all of its output. */
  run(...command: readonly string[]): Promise<string>;
  /** A property of pipit.service as systemd has it. */
  property(name: string): Promise<string>;
  /** What a program of this machine is started through to be in the container's network, which outlives its reboots. */
  readonly beside: readonly string[];
  /** Starts the sandbox on port 5683, outside of the container and in its network: after a reboot it knows its devices still. */
  startSandbox(): Promise<Sandbox>;
  /** Reboots it in order; resolves when it is up again. */
  reboot(): Promise<void>;
  /** "640 root:pipit" */
  modeAndOwner(path: string): Promise<string>;
}

export interface Sandbox extends AsyncDisposable {
  /** What it has printed. */
  said(): string;
}

/** The releases of Debian that Pipit is for: systemd 252 and 257. */
export const releases = ["bookworm", "trixie"] as const;

/** Boots a Debian with a real systemd; needs root. Rejects with the reason where that cannot be. */
export async function startContainer(
  name: string,
  release: (typeof releases)[number] = "bookworm",
): Promise<Container> {
  const env = { ...process.env, PIPIT_TEST_DEBIAN: release };
  await run(script, ["start", name, String(process.pid)], { env });
  const { stdout } = await run(script, ["root", name]);
  const exec = async (...command: readonly string[]): Promise<Outcome> => {
    try {
      return { code: 0, ...(await run(script, ["exec", name, ...command])) };
    } catch (error) {
      if (!isExit(error)) throw error;
      return error;
    }
  };
  const succeed = async (...command: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await exec(...command);
    if (code !== 0) throw new Error(`${command.join(" ")}: exit ${code}\n${stdout}${stderr}`);
    return stdout.trim();
  };
  const beside = [script, "beside", name];
  return {
    root: stdout.trim(),
    exec,
    run: succeed,
    property: (property) =>
      succeed("systemctl", "show", "--value", `--property=${property}`, "pipit.service"),
    modeAndOwner: (path) => succeed("stat", "--format=%a %U:%G", path),
    beside,
    startSandbox: () => startSandbox(beside),
    reboot: async () => void (await run(script, ["reboot", name])),
    async [Symbol.asyncDispose]() {
      await run(script, ["stop", name]);
    },
  };
}

async function startSandbox([command = "", ...through]: readonly string[]): Promise<Sandbox> {
  const program = join(repository, `dist/pipit-linux-${process.arch}`);
  const options = ["sandbox", "--server-only", "--port", "5683", "--no-http"];
  const child = spawn(command, [...through, program, ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  let text = "";
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
      if (text.includes("5683")) resolve();
    });
    ended.then(() => reject(new Error(`the sandbox has ended: ${text}`)), reject);
  });
  return {
    said: () => text,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}

const repository = join(import.meta.dirname, "../..");

/** Where the repository's folder lies inside. */
export const SOURCE = "/opt/pipit-source";

/** What a user has who has built the executable: install.sh and what it takes along. */
export function copySources({ root }: Pick<Container, "root">): void {
  const built = [`dist/pipit-linux-${process.arch}`, "dist/third-party-licences.txt"];
  for (const name of ["install.sh", "LICENSE", "config", "systemd", ...built]) {
    const target = join(root, SOURCE, name);
    mkdirSync(join(target, ".."), { recursive: true });
    cpSync(join(repository, name), target, { recursive: true });
  }
}

const isExit = (error: unknown): error is Outcome =>
  error instanceof Error && "code" in error && typeof error.code === "number";
