import { join } from "node:path";
import type { Shell } from "./command.ts";
import { runtimeDirIn } from "./runtime-dir.ts";

/** Where `pipit run` listens for readings: in systemd's RuntimeDirectory=; null where there is none. */
export function publishSocketIn(shell: Pick<Shell, "env">): string | null {
  const folder = runtimeDirIn(shell);
  return folder === null ? null : join(folder, "publish.sock");
}
