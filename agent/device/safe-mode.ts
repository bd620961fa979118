import { type Config, defaultConfig } from "../config/config.ts";
import type { Run } from "../ports.ts";
import type { Degradation } from "../standing.ts";
import { configHash } from "./config-hash.ts";
import { lastStopOf } from "./last-stop.ts";

/** After so many crashes in a row on one configuration the next start does without it. */
export const MOST_CRASHES = 5;

/** A run that has lasted so long is no part of a crash loop. */
export const SETTLED_MS = 10 * 60_000;

/** What crashes are counted for: another version, or other settings, deserve a try of their own. */
export const stampOf = (config: Config, version: string): string =>
  `${version} ${configHash(config)}`;

/**
 * Crashes in a row before this start. A clean stop ends the row, so does a run that had settled. A power cut is no crash
 * of ours: it does not count, and it ends nothing.
 */
export function crashesBefore(
  previous: Run | null,
  now: { readonly bootId: string | null; readonly stamp: string },
): number {
  if (previous === null || previous.stamp !== now.stamp) return 0;
  switch (lastStopOf(previous, now.bootId)) {
    case "crash":
      return previous.crashes;
    case "powerCut":
      return Math.max(0, previous.crashes - 1);
    default:
      return 0;
  }
}

/**
 * The defaults, and of the operator's settings only what it takes to reach the server and to keep what waits for it:
 * smaller bounds would drop samples. Nothing that a user plugged in or wrote is looked at.
 */
export function safeConfig({ server, provisioning, clock, outbox }: Config): Config {
  const { system } = defaultConfig;
  const metrics = system.metrics.filter((name) => name !== "sensors");
  return { ...defaultConfig, server, provisioning, clock, outbox, system: { ...system, metrics } };
}

/** As `pipit status` tells it. */
export const inSafeMode: Degradation = {
  name: "safeMode",
  code: "P054",
  text: `the agent crashed ${MOST_CRASHES} times in a row: it runs with default settings and no sensors`,
  fix: "journalctl -u pipit; correct the configuration, or try it again: sudo systemctl restart pipit",
};
