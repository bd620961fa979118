import { spawnSync } from "node:child_process";

/**
 * Seconds since 1970 that packages carry as their time: $SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs), else
 * the time of the last commit.
 * @throws where neither is known
 */
export function releaseTime(root: string): number {
  const given = process.env["SOURCE_DATE_EPOCH"];
  if (given !== undefined) return seconds(given, "SOURCE_DATE_EPOCH");
  const args = ["-C", root, "log", "-1", "--format=%ct"];
  const { status, stdout, stderr, error } = spawnSync("git", args, { encoding: "utf8" });
  if (status !== 0)
    throw new Error(
      `the time of the last commit is not known, set SOURCE_DATE_EPOCH to it: ${(stderr || error?.message)?.trim()}`,
    );
  return seconds(stdout.trim(), "git log");
}

function seconds(text: string, source: string): number {
  if (!/^\d{1,11}$/.test(text)) throw new Error(`${source}: "${text}" is no number of seconds`);
  return Number(text);
}
