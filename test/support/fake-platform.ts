import type { Identity } from "../../agent/credentials.ts";
import { AgentError } from "../../agent/errors.ts";
import { keptSecret } from "../../agent/platform/erase-secret.ts";
import { noCertificates } from "../../agent/platform/no-certificates.ts";
import type { Platform, Readings, Run, ServiceManager } from "../../agent/ports.ts";
import { fixtures } from "../fixtures/make-fixtures.ts";
import { aJournal } from "./a-journal.ts";
import { memoryHost } from "./memory-host.ts";
import { emptyIdentity, memoryIdentity } from "./memory-identity.ts";
import { type MemoryNetwork, memoryNetwork } from "./memory-network.ts";
import { recordingLog } from "./recording-log.ts";
import { seededRandom } from "./seeded-random.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

const DAY_MS = 86_400_000;

export interface FakePlatformOptions extends Partial<Platform> {
  readonly clock?: VirtualClock;
  readonly network?: MemoryNetwork;
  /** Of the network, and of all that the agent draws. */
  readonly seed?: number;
  /** Ignored where `identity` is given. */
  readonly stored?: Identity;
}

export interface FakePlatform extends Platform {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  /** What the agent told the service manager, in order: "READY", "STATUS online…", "WATCHDOG", "STOPPING". */
  readonly notified: readonly string[];
  /** As a program of this board does; rejects as the agent answers. */
  publish(readings: Readings): Promise<void>;
}

/** What every board in memory has, whoever runs it. */
type Surroundings = Pick<Platform, "clock" | "random" | "network" | "host" | "log" | "journal"> &
  Pick<Platform, "identity" | "services">;

/** A platform without an alarm, a child process, a sensor, or a program beside it, and with a clock that is synchronised. */
export function quietPlatform(given: Surroundings & Partial<Platform>): Platform {
  const { clock, host } = given;
  let run: Run | null = null;
  return {
    boot: { bootId: "this-boot", builtMs: clock.now() - DAY_MS, isSynchronised: () => true },
    certificates: noCertificates,
    reader: {
      readFile: async (path) => host.readFile(path, 64 * 1024),
      async run([program]) {
        throw new AgentError("sensor", `${program}: no program runs in memory`);
      },
    },
    throttle: { take: async () => null, files: () => [] },
    provisionSecret: keptSecret,
    refused: { keep() {} },
    gpio: {
      open({ chip }) {
        throw new AgentError("sensor", `${chip}: no GPIO chip is in memory`);
      },
    },
    intake: null,
    about: {
      version: "0.0.0",
      architecture: "arm64",
      timezone: "Europe/Berlin",
      addresses: () => [{ name: "eth0", address: "192.0.2.7", mac: "dc:a6:32:00:00:01" }],
    },
    inventory: { read: async () => ({}) },
    runs: {
      load: () => run,
      save(next) {
        run = next;
      },
    },
    calendar: {
      next() {
        throw new AgentError("config", "no calendar is in memory");
      },
    },
    ...given,
  };
}

/** The world of the agent core in memory, on virtual time: a Raspberry Pi 4. Any port may be given instead. */
export function fakePlatform(options: FakePlatformOptions = {}): FakePlatform {
  const { seed = 1, stored = emptyIdentity, ...given } = options;
  const clock = options.clock ?? virtualClock();
  const random = options.random ?? seededRandom(seed);
  const network = options.network ?? memoryNetwork({ clock, random });
  const host = options.host ?? memoryHost(fixtures.pi4);
  const notified: string[] = [];
  let accept: ((readings: Readings) => Promise<void>) | null = null;
  const intake: Platform["intake"] = {
    serve(serving) {
      accept = serving;
      return {
        [Symbol.dispose]() {
          if (accept === serving) accept = null;
        },
      };
    },
  };
  const own = {
    identity: memoryIdentity(stored).store,
    journal: aJournal(clock),
    services: tellingServices(notified),
    log: recordingLog(),
  };
  return {
    ...quietPlatform({ ...own, intake, ...given, clock, random, network, host }),
    clock,
    network,
    notified,
    async publish(readings) {
      if (accept === null) throw new AgentError("transient", "the agent is reloading; try again");
      await accept(readings);
    },
  };
}

const tellingServices = (notified: string[]): ServiceManager => ({
  ready: () => void notified.push("READY"),
  status: (text) => void notified.push(`STATUS ${text}`),
  watchdogMs: null,
  watchdog: () => void notified.push("WATCHDOG"),
  stopping: () => void notified.push("STOPPING"),
});
