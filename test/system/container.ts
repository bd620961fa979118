import { execFile } from "node:child_process";
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
  /** "640 root:pipit" */
  modeAndOwner(path: string): Promise<string>;
}

/** Boots a Debian with a real systemd; needs root. Rejects with the reason where that cannot be. */
export async function startContainer(name: string): Promise<Container> {
  await run(script, ["start", name, String(process.pid)]);
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
  return {
    root: stdout.trim(),
    exec,
    run: succeed,
    property: (property) =>
      succeed("systemctl", "show", "--value", `--property=${property}`, "pipit.service"),
    modeAndOwner: (path) => succeed("stat", "--format=%a %U:%G", path),
    async [Symbol.asyncDispose]() {
      await run(script, ["stop", name]);
    },
  };
}

/** Where the repository's folder lies inside. */
export const SOURCE = "/opt/pipit-source";

/** What a user has who has built the executable: install.sh and what it takes along. */
export function copySources({ root }: Pick<Container, "root">): void {
  const repository = join(import.meta.dirname, "../..");
  const built = [`dist/pipit-linux-${process.arch}`, "dist/third-party-licences.txt"];
  for (const name of ["install.sh", "LICENSE", "config", "systemd", ...built]) {
    const target = join(root, SOURCE, name);
    mkdirSync(join(target, ".."), { recursive: true });
    cpSync(join(repository, name), target, { recursive: true });
  }
}

const isExit = (error: unknown): error is Outcome =>
  error instanceof Error && "code" in error && typeof error.code === "number";
