import type { OptionValues, Shell } from "./command.ts";

const DEFAULT_STATE_DIR = "/var/lib/pipit";

/** `--state DIR`, else what systemd's StateDirectory= made (the first of them), else the service's own place. */
export function stateDirOf({ env }: Shell, options: OptionValues): string {
  const given = options["state"];
  if (typeof given === "string" && given !== "") return given;
  return env["STATE_DIRECTORY"]?.split(":")[0] || DEFAULT_STATE_DIR;
}

export function sysrootOf(options: OptionValues): string {
  const given = options["sysroot"];
  return typeof given === "string" && given !== "" ? given : "/";
}
