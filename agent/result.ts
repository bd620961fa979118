import type { StatusReport } from "./status.ts";

/** By themselves these end, or are not known to last. */
const PASSING: ReadonlySet<string> = new Set(["P043", "P065", "P070"]);

/**
 * What has become of the device, in a few words: "delivered rpi-abcdef01", or "refused P022" for what lasts until somebody mends
 * it. Null: neither yet. No network and no answer are no result.
 */
export function resultOf({ state, device, server, degradations }: StatusReport): string | null {
  const lasting = degradations.find(({ name, code }) => {
    if (PASSING.has(code)) return false;
    if (name === "token" || name === "secret") return state === "revoked";
    return name === "provisioning" || name === "handshake";
  });
  if (lasting !== undefined) return `refused ${lasting.code}`;
  return server.last_ack_seconds === null ? null : `delivered ${device ?? ""}`.trim();
}
