import { AgentError } from "../errors.ts";
import { errnoOf } from "./errno.ts";

/**
 * A system error in the state folder `directory` as the operator should read it: what failed, why, and what helps.
 * Whatever is no system error comes back as it is: it is not the disk's fault.
 */
export function storageError(what: string, directory: string, cause: unknown): Error {
  const code = errnoOf(cause);
  if (!(cause instanceof Error)) return new Error(String(cause));
  if (cause instanceof AgentError || code === undefined) return cause;
  const hint = storageHint(code, directory, placeOf(cause) ?? directory);
  return new AgentError("storage", `${what} (${code})`, { cause, hint });
}

/** What helps when the system refuses with this errno name: at `place`, in `directory`. */
export function storageHint(code: string, directory: string, place = directory): string {
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return `free some space, see: df -h ${directory}; df -i ${directory}`;
    case "EROFS":
      return "its file system is mounted read-only, often after an error: see dmesg, then mount it read-write";
    case "EACCES":
    case "EPERM":
      // Never -R: the folder may be one that was named by mistake.
      return `run as user pipit, or make it the owner: sudo chown pipit ${[...new Set([directory, place])].join(" ")}; or choose another folder with --state DIR`;
    case "ENOTDIR":
    case "ELOOP":
      return `a part of ${directory} is not a folder: move it away, or choose another with --state DIR`;
    case "EEXIST":
    case "EISDIR":
    case "ENOTEMPTY":
    case "EBUSY":
      return `something else stands in its place, move it away: sudo mv ${place} ${place}.old`;
    case "EIO":
    case "EUCLEAN":
      return "the card is failing: see dmesg, then replace it";
    default:
      return `look at the folder and its file system: ls -la ${directory}; dmesg`;
  }
}

/** rename(2) fails for what stands at the new name, the others for what stands at the only one. */
function placeOf(error: Error): string | null {
  if ("dest" in error && typeof error.dest === "string") return error.dest;
  return "path" in error && typeof error.path === "string" ? error.path : null;
}
