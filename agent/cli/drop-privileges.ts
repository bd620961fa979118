import { statSync } from "node:fs";
import { storageError } from "../platform/storage-error.ts";
import type { Shell } from "./command.ts";

/**
 * `sudo pipit provision` must not leave files behind that the service cannot read: as root, and where the state folder
 * is another user's, the process becomes that user before it touches anything.
 */
export function becomeOwnerOf(stateDir: string, shell: Shell): void {
  if (process.getuid?.() !== 0) return;
  const owner = ownerOf(stateDir);
  if (!owner || owner.uid === 0) return;
  process.setgroups?.([owner.gid]);
  process.setgid?.(owner.gid);
  process.setuid?.(owner.uid);
  shell.err(`working as the owner of ${stateDir} (uid ${owner.uid})`);
}

/** Undefined where there is no such folder yet. @throws AgentError `storage` where there can be none */
function ownerOf(stateDir: string) {
  try {
    return statSync(stateDir, { throwIfNoEntry: false });
  } catch (error) {
    throw storageError(`the state folder ${stateDir} cannot be used`, stateDir, error);
  }
}
