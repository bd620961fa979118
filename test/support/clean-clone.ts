import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const repository = join(import.meta.dirname, "../..");

export interface CloneOptions {
  /** A new folder. */
  readonly folder: string;
  /** What this maker's shell has set. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its umask, in octal. */
  readonly umask?: string;
}

export interface CleanClone {
  readonly folder: string;
  /** Runs a command in it. Resolves to standard output; rejects with what it said where it fails. */
  run(...command: readonly string[]): Promise<string>;
}

/** What is committed here, in another folder: nothing installed, nothing built. */
export async function cleanClone(options: CloneOptions): Promise<CleanClone> {
  const { folder, env = {}, umask = "022" } = options;
  mkdirSync(folder, { recursive: true });
  // The clone may belong to another user than the one who tests it; git would refuse to read it.
  const gitConfig = join(folder, ".gitconfig-of-the-test");
  writeFileSync(
    gitConfig,
    "[safe]\n\tdirectory = *\n[user]\n\tname = test\n\temail = test@localhost\n",
  );
  const clone = join(folder, "clone");
  const run = async (where: string, command: readonly string[]): Promise<string> => {
    const child = spawn("sh", ["-c", 'umask "$0"; exec "$@"', umask, ...command], {
      cwd: where,
      env: { ...withoutNpm(process.env), ...env, GIT_CONFIG_GLOBAL: gitConfig },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      said.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said.stderr += text;
    });
    const [code, signal] = await once(child, "close");
    if (code === 0) return said.stdout;
    throw new Error(`${command.join(" ")}: ${code ?? signal}\n${said.stdout}${said.stderr}`);
  };
  await run(folder, ["git", "clone", "--quiet", "--no-hardlinks", repository, clone]);
  return { folder: clone, run: (...command) => run(clone, command) };
}

/** A maker's shell knows nothing of the npm script that this test may be a part of, nor of the tester. */
const withoutNpm = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(npm_|VITEST|NODE_ENV|SOURCE_DATE_EPOCH|INIT_CWD)/.test(name),
    ),
  );
