import type { Config } from "../config/config.ts";
import { createLog, type Log } from "../platform/log.ts";
import type { Shell } from "./command.ts";
import { isJournald } from "./severity.ts";

/** A log on stderr for this shell; the provisioning key and secret are kept out of it from the first line on. */
export function agentLog(shell: Shell, { log, provisioning }: Config): Log {
  const made = createLog({ level: log.level, journald: isJournald(shell), write: shell.err });
  for (const secret of [provisioning.key, provisioning.secret]) {
    if (secret) made.protect(secret);
  }
  return made;
}
