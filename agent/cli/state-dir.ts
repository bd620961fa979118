import { resolve } from "node:path";
import { type OptionValues, type Shell, UsageError } from "./command.ts";

const DEFAULT_STATE_DIR = "/var/lib/pipit";

/** `--state DIR`, else what systemd's StateDirectory= made (the first of them), else the service's own place. */
export function stateDirOf({ env }: Shell, options: OptionValues): string {
  const given = folderOption(options, "state");
  if (given !== null) return given;
  return env["STATE_DIRECTORY"]?.split(":")[0] || DEFAULT_STATE_DIR;
}

export function sysrootOf(options: OptionValues): string {
  return folderOption(options, "sysroot") ?? "/";
}

/** @throws UsageError for an empty one: most likely a variable of a script that was never set */
function folderOption(options: OptionValues, name: string): string | null {
  const given = options[name];
  if (given === "") throw new UsageError(`--${name} is empty; name a folder, or leave it out`);
  // Absolute: a child that is handed the path works in "/".
  return typeof given === "string" ? resolve(given) : null;
}
