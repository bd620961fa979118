import { AgentError } from "../errors.ts";
import { errnoOf } from "../platform/errno.ts";
import { lockState } from "../platform/state-lock.ts";
import type { Logger } from "../ports.ts";
import type { Standing } from "../standing.ts";
import type { Shell } from "./command.ts";

/** Started by hand, these are a mistake of whoever did: a folder that is the service's. */
const BY_HAND: ReadonlySet<string | undefined> = new Set(["EACCES", "EPERM"]);

/**
 * The lock on the state folder. A disk that is missing, full or read-only must not silence the board: the service goes on
 * without a lock, and says so. @throws AgentError `transient` when another agent holds it, `storage` as above
 */
export function lockOrGoOn(
  stateDir: string,
  { env }: Pick<Shell, "env">,
  standing: Standing,
  log: Logger,
): Disposable {
  try {
    return lockState(stateDir);
  } catch (error) {
    if (!(error instanceof AgentError) || error.kind !== "storage") throw error;
    const disk = errnoOf(error.cause);
    const isService = env["NOTIFY_SOCKET"] !== undefined;
    if (BY_HAND.has(disk) && !isService) throw error;
    const { message, hint = "see: df -h; dmesg" } = error;
    log.error("the state folder cannot be written, going on without a lock", { error: disk, hint });
    const text = `${message}: nothing keeps a second agent away from it`;
    standing.raise({ name: "lock", code: "P051", text, fix: hint });
    return { [Symbol.dispose]() {} };
  }
}
