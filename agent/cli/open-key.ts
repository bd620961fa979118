import { statSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { Problem } from "../config/problem.ts";
import { errnoOf } from "../platform/errno.ts";

/** Of client_key, which whoever can read it can be this device with; none where it is closed, or not there. */
export function openKey({ server: { client_key: key } }: Config): readonly Problem[] {
  if (key === null || (modeOf(key) & 0o007) === 0) return [];
  const message = `can be read by every user of this machine; run: sudo chown root:pipit ${key} && sudo chmod 640 ${key}`;
  return [{ severity: "warning", source: key, place: null, message, exposesSecret: true }];
}

function modeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return 0; // the handshake says what is wrong with it
  }
}
