import { statSync } from "node:fs";
import type { Shell } from "./command.ts";

/**
 * `sudo pipit provision` must not leave files behind that the service cannot read: as root, and where the state folder
 * is another user's, the process becomes that user before it touches anything.
 */
export function becomeOwnerOf(stateDir: string, shell: Shell): void {
  if (process.getuid?.() !== 0) return;
  const owner = statSync(stateDir, { throwIfNoEntry: false });
  if (!owner || owner.uid === 0) return;
  process.setgroups?.([owner.gid]);
  process.setgid?.(owner.gid);
  process.setuid?.(owner.uid);
  shell.err(`working as the owner of ${stateDir} (uid ${owner.uid})`);
}
