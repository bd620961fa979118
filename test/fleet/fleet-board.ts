import { runAgent } from "../../agent/app.ts";
import type { Config } from "../../agent/config/config.ts";
import { openJournal } from "../../agent/journal/journal.ts";
import type { Clock, Host, Journal, Logger, Network, Random } from "../../agent/ports.ts";
import { createStanding } from "../../agent/standing.ts";
import { quietPlatform } from "../support/fake-platform.ts";
import { memoryIdentity } from "../support/memory-identity.ts";
import { memoryStore } from "../support/memory-store.ts";
import { type Power, switchedOn } from "./power.ts";

export interface World {
  readonly clock: Clock;
  readonly network: Network;
  readonly config: Config;
  /** Files of a board, but for those that differ. */
  readonly host: Host;
  /** Serial number of the first board; those of the others follow it. */
  readonly serialsFrom: bigint;
  readonly randomOf: (board: number) => Random;
  /** A board's agent has ended by itself, which it never does. */
  failed(error: unknown): void;
}

/** The agent's core on a board of its own: hardware id, journal, credentials. */
export interface FleetBoard {
  /** As the agent makes it of the hardware id. */
  readonly deviceName: string;
  /** With the whole site: the first request waits its turn. */
  powerOn(): Promise<void>;
  powerCut(): void;
  readonly isOnline: boolean;
  /** Its status, as `systemctl status` would show it. */
  readonly says: string;
  /** Samples that the journal has stored, over all lives. */
  readonly accepted: number;
  /** Of them, what is not settled yet. */
  readonly waiting: number;
  /** Given up, for whatever reason. */
  readonly dropped: number;
}

export const SERIALS_FROM = 0x1000_0000_0000_0000n;

const DAY_MS = 86_400_000;

/** What a journal of a few minutes takes; the smallest segments that there are. */
const BOUNDS = {
  maxBytes: 128 * 1024,
  maxAgeMs: 1e12,
  keepFreeBytes: 0,
  thins: false,
  maxBytesPerDay: Number.POSITIVE_INFINITY,
};

const silent: Logger = {
  error() {},
  warn() {},
  notice() {},
  info() {},
  debug() {},
  child: () => silent,
  protect() {},
};

export function createFleetBoard(index: number, world: World): FleetBoard {
  const { config } = world;
  const serial = (world.serialsFrom + BigInt(index)).toString(16);
  const random = world.randomOf(index);
  const disk = memoryStore();
  const identity = memoryIdentity().store;
  let power: Power | null = null;
  let journal: Journal | null = null;
  let lives = 0;
  let accepted = 0;
  let isOnline = false;
  let says = "nothing yet";

  const hostOf = ({ clock }: Power): Host => ({
    ...world.host,
    async readFile(path, limitBytes) {
      if (path.endsWith("/serial-number")) return `${serial}\0`;
      if (path === "/proc/uptime") return `${(clock.monotonic() / 1_000).toFixed(2)} 1.00\n`;
      return world.host.readFile(path, limitBytes);
    },
  });

  const counting = (opened: Journal): Journal => ({
    ...opened,
    get lastTs() {
      return opened.lastTs;
    },
    async append(sample) {
      const id = await opened.append(sample);
      accepted++;
      return id;
    },
  });

  return {
    deviceName: `rpi-${serial.slice(-8)}`,
    async powerOn() {
      const life = switchedOn(world.clock, world.network);
      power = life;
      const bootId = `${serial}-${++lives}`;
      const { clock, network } = life;
      const storing = { disk, bounds: BOUNDS, windowMs: 0, clock, random, bootId, log: silent };
      const opened = await openJournal(storing);
      journal = opened;
      const platform = quietPlatform({
        ...{ clock, random, network, identity, log: silent },
        ...{ journal: counting(opened), host: hostOf(life) },
        boot: { bootId, builtMs: clock.now() - DAY_MS, isSynchronised: () => true },
        services: {
          ready() {},
          status(text) {
            isOnline = text.startsWith("online");
            says = text;
          },
          watchdogMs: null,
          watchdog() {},
          stopping() {},
        },
      });
      const run = { splay: true, lastStop: "firstStart", safeMode: null } as const;
      const seen = { standing: createStanding(), board: null };
      runAgent(config, platform, { signal: new AbortController().signal, ...run, ...seen }).then(
        () => world.failed(new Error(`the agent of board ${index} has ended`)),
        (error: unknown) => world.failed(error),
      );
    },
    powerCut() {
      power?.cut();
      power = null;
      isOnline = false;
    },
    get isOnline() {
      return isOnline;
    },
    get says() {
      return says;
    },
    get accepted() {
      return accepted;
    },
    get waiting() {
      return journal?.waiting() ?? 0;
    },
    get dropped() {
      return journal?.dropped() ?? 0;
    },
  };
}
