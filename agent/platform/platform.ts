import type { BootClock, Clock, Journal, Platform, ServiceManager } from "../ports.ts";
import type { Standing } from "../standing.ts";
import { about } from "./about.ts";
import { systemBootClock } from "./boot-clock.ts";
import { bootIdOfThisMachine } from "./boot-id.ts";
import { noCalendar } from "./calendar.ts";
import { systemClock } from "./clock.ts";
import { credentialStore } from "./credentials.ts";
import { noteDamage } from "./damage.ts";
import { keptSecret } from "./erase-secret.ts";
import { createIntake } from "./intake.ts";
import { createInventory } from "./inventory.ts";
import type { Log } from "./log.ts";
import { openMachine } from "./machine.ts";
import { noCertificates } from "./no-certificates.ts";
import { ownProgram } from "./own-program.ts";
import { systemRandom } from "./random.ts";
import { refusedFile } from "./refused-file.ts";
import { runRecord } from "./run-record.ts";
import { udpNetwork } from "./udp.ts";

export interface PlatformOptions {
  readonly stateDir: string;
  readonly sysroot: string;
  readonly version: string;
  readonly log: Log;
  readonly services: ServiceManager;
  readonly journal: Journal;
  /** What is found damaged stands there. */
  readonly standing: Standing;
  readonly clock?: Clock;
  readonly boot?: BootClock;
  /** Where other programs hand in readings; null: nowhere. */
  readonly publishSocket: string | null;
  /** Whether get_throttled may be read, and a child process gather the inventory: as the settings say at the moment. */
  readonly allows: () => { readonly pi_throttle: boolean; readonly inventory: boolean };
}

/** The real world, opened once a process. No child, socket, timer or device is opened before somebody asks for it. */
export function openPlatform(options: PlatformOptions): Platform & AsyncDisposable {
  const { stateDir, sysroot, version, log, services, journal, standing } = options;
  const { clock = systemClock } = options;
  const { boot = systemBootClock } = options;
  const { publishSocket: path, allows } = options;
  const mayReadThrottled = () => allows().pi_throttle;
  const machine = openMachine({ root: sysroot, clock, log, mayReadThrottled });
  const intake = path === null ? null : createIntake({ path, clock, log: log.child("publish") });
  return {
    clock,
    boot,
    random: systemRandom,
    host: machine.host,
    network: udpNetwork,
    identity: credentialStore(stateDir, noteDamage(log.child("credentials"), standing, "error")),
    certificates: noCertificates,
    provisionSecret: keptSecret,
    journal,
    refused: refusedFile(stateDir),
    services,
    log,
    reader: machine.reader,
    throttle: machine.throttle,
    gpio: machine.gpio,
    intake,
    about: about({ version, sysroot }),
    inventory: createInventory({
      stateDir,
      program: ownProgram,
      stamp: { bootId: bootIdOfThisMachine(), agentVersion: version },
      // Below another root it would describe this machine and not that one.
      isEnabled: () => allows().inventory && sysroot === "/",
      clock,
      log: log.child("inventory"),
    }),
    runs: runRecord(stateDir, noteDamage(log.child("state"), standing, "warn")),
    calendar: noCalendar,
    async [Symbol.asyncDispose]() {
      await intake?.[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
    },
  };
}
