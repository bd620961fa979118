import type { Clock, Journal, Platform, ServiceManager } from "../ports.ts";
import { systemClock } from "./clock.ts";
import { credentialStore } from "./credentials.ts";
import { createHost } from "./host.ts";
import type { Log } from "./log.ts";
import { systemRandom } from "./random.ts";
import { udpNetwork } from "./udp.ts";

export interface PlatformOptions {
  readonly stateDir: string;
  readonly sysroot: string;
  readonly log: Log;
  readonly services: ServiceManager;
  readonly journal: Journal;
  readonly clock?: Clock;
}

/** The real world, opened once a process. */
export function openPlatform(options: PlatformOptions): Platform {
  const { stateDir, sysroot, log, services, journal, clock = systemClock } = options;
  return {
    clock,
    random: systemRandom,
    host: createHost({ root: sysroot }),
    network: udpNetwork,
    identity: credentialStore(stateDir, log.child("credentials")),
    journal,
    services,
    log,
  };
}
