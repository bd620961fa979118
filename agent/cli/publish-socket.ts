import { join } from "node:path";
import type { Shell } from "./command.ts";

/** Where `pipit run` listens for readings: in systemd's RuntimeDirectory=; null where there is none. */
export function publishSocketIn({ env }: Pick<Shell, "env">): string | null {
  const folder = env["RUNTIME_DIRECTORY"]?.split(":")[0];
  return folder ? join(folder, "publish.sock") : null;
}
