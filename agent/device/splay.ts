import { isLoopback } from "../config/server-url.ts";
import type { Host } from "../ports.ts";
import { textOrEmpty } from "./host-text.ts";

/** A machine up for longer has not just been powered on with the whole site. */
const JUST_BOOTED_S = 300;

export interface SplayMs {
  readonly provisioning: number;
  readonly telemetry: number;
}

export const noSplay: SplayMs = { provisioning: 0, telemetry: 0 };

/**
 * Upper bounds of the random wait before the first request. Ten thousand boards after a power cut would else ask to be
 * provisioned in one second; spread over two minutes they are 83 a second. Nobody shares a server on this machine.
 */
export async function bootSplayMs(host: Host, server: string): Promise<SplayMs> {
  const uptime = await textOrEmpty(host, "/proc/uptime");
  const seconds = Number.parseFloat(uptime);
  if (isLoopback(server) || !(seconds < JUST_BOOTED_S)) return noSplay;
  return { provisioning: 120_000, telemetry: 30_000 };
}
