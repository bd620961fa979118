import { type OptionSpec, type OptionValues, type Shell, UsageError } from "./command.ts";

/** What systemd makes for the service, when this runs outside of it. */
export const DEFAULT_RUNTIME_DIR = "/run/pipit";

/** systemd's RuntimeDirectory=, where `pipit run` meets other programs; null where there is none. */
export const runtimeDirIn = ({ env }: Pick<Shell, "env">): string | null =>
  env["RUNTIME_DIRECTORY"]?.split(":")[0] || null;

/** For commands that look at a running agent. */
export const runtimeOption: OptionSpec = {
  type: "string",
  value: "DIR",
  help: `the agent's runtime folder (else ${DEFAULT_RUNTIME_DIR})`,
};

/** @throws UsageError for an empty one */
export function runtimeDirOf(shell: Shell, options: OptionValues): string {
  const given = options["runtime"];
  if (given === "") throw new UsageError("--runtime is empty; name a folder, or leave it out");
  return typeof given === "string" ? given : (runtimeDirIn(shell) ?? DEFAULT_RUNTIME_DIR);
}
