import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";

/** Where and of what a run was made. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  /** "6.18.5" */
  readonly kernel: string;
  readonly architecture: string;
  /** Of the benchmark's own Node, which is also the one in the executable. */
  readonly node: string;
  /** With a plus sign where files differ from it; null: there is no git. */
  readonly commit: string | null;
  /** "2026-11-30" */
  readonly date: string;
  readonly isShort: boolean;
}

export function thisMachine(isShort: boolean): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGb: Math.round(totalmem() / 1e9),
    kernel: release(),
    architecture: process.arch,
    node: process.version,
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
    isShort,
  };
}

function commit(): string | null {
  const git = (...args: readonly string[]) =>
    execFileSync("git", args, {
      cwd: join(import.meta.dirname, "../.."),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no");
    return `${git("rev-parse", "--short", "HEAD")}${changed === "" ? "" : "+"}`;
  } catch {
    return null; // a source archive, or nobody has installed git
  }
}
