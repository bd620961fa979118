import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

export interface NodeBinaryOptions {
  /** The official binary, as npm installed and checked it. */
  readonly installed: string;
  readonly strip: boolean;
  readonly work: string;
}

/** A copy without its symbols, 36 MB smaller. Stripping comes before the injection: afterwards it destroys the file. */
export function prepareNode({ installed, strip, work }: NodeBinaryOptions): string {
  if (!existsSync(installed))
    throw new Error(`${installed} is missing: run \`npm ci\` without --omit=optional`);
  mkdirSync(work, { recursive: true });
  const copy = join(work, "node");
  copyFileSync(installed, copy);
  chmodSync(copy, 0o755);
  if (!strip) return copy;
  const { error, status, stderr } = spawnSync("strip", ["--strip-all", copy], { encoding: "utf8" });
  if (error !== undefined && "code" in error && error.code === "ENOENT")
    process.stderr.write(
      "build: no `strip` here, so the executable is 36 MB larger (apt-get install binutils)\n",
    );
  else if (status !== 0) throw new Error(`strip: ${stderr || error?.message}`);
  return copy;
}
