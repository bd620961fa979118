import { unlinkSync } from "node:fs";
import { errnoOf } from "./errno.ts";

/**
 * Removes what is of no use any more, if the disk lets us: a leftover does no harm, and no failure here may take the place
 * of what the caller has to tell.
 */
export function discard(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
