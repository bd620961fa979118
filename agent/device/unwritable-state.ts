import { AgentError } from "../errors.ts";
import type { Degradation } from "../standing.ts";

/** Small files of the state folder could not be written: this run can do without them, the next one would miss them. */
export const unwritableState = (error: unknown): Degradation => ({
  name: "state",
  code: "P052",
  text: error instanceof Error ? error.message : String(error),
  fix:
    (error instanceof AgentError && error.hint) || "make the state folder writable: df -h; dmesg",
});
