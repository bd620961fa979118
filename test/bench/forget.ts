import { execFileSync } from "node:child_process";

/**
 * The kernel lets go of the file's pages, as before a first start; those of shared libraries stay, for others use them. How much of a
 * program counts as RSS depends on how its pages came into memory: written by the build, read ahead, or one by one as it asked for them.
 */
export const forget = (file: string): void =>
  void execFileSync("dd", [
    `if=${file}`,
    "of=/dev/null",
    "iflag=nocache",
    "count=0",
    "status=none",
  ]);
