import { errnoOf } from "./errno.ts";
import { type Files, systemFiles } from "./files.ts";

/**
 * Removes what is of no use any more, if the disk lets us: a leftover does no harm, and no failure here may take the place
 * of what the caller has to tell.
 */
export function discard(path: string, files: Files = systemFiles): void {
  try {
    files.remove(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
