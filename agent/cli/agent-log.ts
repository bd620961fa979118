import type { Config } from "../config/config.ts";
import { createLog, type Log } from "../platform/log.ts";
import type { Logger } from "../ports.ts";
import type { Shell } from "./command.ts";
import { isJournald } from "./severity.ts";

/** A log on stderr for this shell; the provisioning key and secret are kept out of it from the first line on. */
export function agentLog(shell: Shell, config: Config): Log {
  const made = createLog({
    level: config.log.level,
    journald: isJournald(shell),
    write: shell.err,
    secrets: shell.secrets,
  });
  protectSecrets(made, config);
  return made;
}

/** Also for a configuration that is read later: a reload may bring other secrets. */
export function protectSecrets(log: Logger, { provisioning }: Config): void {
  for (const secret of [provisioning.key, provisioning.secret]) {
    if (secret) log.protect(secret);
  }
}
