import { execFileSync } from "node:child_process";

/**
 * The kernel lets go of the file's pages, as before a first start; those of shared libraries stay, for others use them.
 */
export const forget = (file: string): void =>
  void execFileSync("dd", [
    `if=${file}`,
    "of=/dev/null",
    "iflag=nocache",
    "count=0",
    "status=none",
  ]);
