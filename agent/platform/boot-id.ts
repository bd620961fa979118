import { readFileSync } from "node:fs";
import { errnoOf } from "./errno.ts";

/** Of the machine that runs us, never of a --sysroot: state belongs to it. Null where the kernel does not tell. */
export function bootIdOfThisMachine(): string | null {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() || null;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}
