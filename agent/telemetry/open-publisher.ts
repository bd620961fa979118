import type { Config } from "../config/config.ts";
import type { Platform } from "../ports.ts";
import { createPublisher, DRAIN_PLACES, type Publisher, type PublisherDeps } from "./publisher.ts";

/** Of telemetry, under way together: what the CoAP client has to allow (NSTART, RFC 7252 §4.7). */
export const MOST_MESSAGES = DRAIN_PLACES + 1;

/** As the settings say it, with what the machine is for it. */
export function openPublisher(
  { telemetry, outbox }: Pick<Config, "telemetry" | "outbox">,
  { clock, random, refused, log }: Platform,
  parts: Pick<PublisherDeps, "api" | "outbox" | "serialise" | "onServerFault">,
): Publisher {
  const pace = { intervalMs: telemetry.interval, maxPerSecond: outbox.max_drain_rate };
  return createPublisher({
    ...parts,
    ...pace,
    aside: refused,
    clock,
    random,
    log: log.child("publisher"),
  });
}
