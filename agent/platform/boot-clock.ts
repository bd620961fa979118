import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import type { BootClock } from "../ports.ts";
import { bootIdOfThisMachine } from "./boot-id.ts";

/** Set anew with every release: no clock that is right shows an earlier time. */
const BUILT_MS = Date.UTC(2026, 10, 23);

/**
 * systemd-timesyncd's mark that it has set the clock in this boot. adjtimex(2) would know of every such service, but a unit
 * with ProtectClock= must not call it.
 */
const SYNCHRONISED = "/run/systemd/timesync/synchronized";

export const systemBootClock: BootClock = {
  // Where the kernel does not tell, this run counts as a boot of its own.
  bootId: bootIdOfThisMachine() ?? randomUUID(),
  builtMs: BUILT_MS,
  isSynchronised: () => existsSync(SYNCHRONISED),
};
