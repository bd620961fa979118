import type { Shell } from "./command.ts";

/** What systemd makes for the service, when this runs outside of it. */
export const DEFAULT_RUNTIME_DIR = "/run/pipit";

/** systemd's RuntimeDirectory=, where `pipit run` meets other programs; null where there is none. */
export const runtimeDirIn = ({ env }: Pick<Shell, "env">): string | null =>
  env["RUNTIME_DIRECTORY"]?.split(":")[0] || null;
