import type { Config } from "../config/config.ts";
import type { Platform } from "../ports.ts";
import type { Timeline } from "../telemetry/timeline.ts";
import type { DeviceApi } from "../thingsboard/device-api.ts";
import { type AttributeReporter, createAttributeReporter } from "./attribute-reporter.ts";
import { createAttributeSource } from "./attributes.ts";
import { configHash } from "./config-hash.ts";
import type { LastStop } from "./last-stop.ts";
import { lastOutageCause } from "./outages.ts";

/** The client attributes of this board, told to the device that it is. */
export function openAttributes(
  config: Config,
  platform: Platform,
  given: { readonly api: DeviceApi; readonly lastStop: LastStop; readonly timeline: Timeline },
): AttributeReporter {
  const { api, lastStop, timeline } = given;
  const { host, clock, random, about, inventory, journal } = platform;
  const run = {
    configHash: configHash(config),
    storageMode: () => journal.stats().storage,
    lastStop,
    outageCause: () => lastOutageCause(journal),
  };
  const gather = createAttributeSource({ host, clock, about, run, timeline });
  const log = platform.log.child("attributes");
  const { withhold: withheld } = config.system;
  const telling = { gather, inventory, withheld, api };
  const reporter = createAttributeReporter({ ...telling, clock, random, log });
  timeline.onSource(() => reporter.recheck());
  return reporter;
}
