import type { Run } from "../ports.ts";

/**
 * How the run before this one ended; the client attribute `lastStop`.
 * "firstStart": nothing is known of one. "stop": asked to, in this boot. "reboot": asked to, and then the system was
 * started anew. "powerCut": the system went down without asking, by power or by a crash of its own. "crash": the agent
 * alone was killed or crashed.
 */
export type LastStop = "firstStart" | "stop" | "reboot" | "powerCut" | "crash";

/** Without a boot id on both sides nobody can tell a reboot: then it counts for the same boot. */
export function lastStopOf(
  previous: Pick<Run, "bootId" | "clean"> | null,
  bootId: string | null,
): LastStop {
  if (previous === null) return "firstStart";
  const sameBoot = previous.bootId === null || bootId === null || previous.bootId === bootId;
  if (sameBoot) return previous.clean ? "stop" : "crash";
  return previous.clean ? "reboot" : "powerCut";
}
