import { randomBytes } from "node:crypto";
import { systemClock } from "../../agent/platform/clock.ts";
import { udpNetwork } from "../../agent/platform/udp.ts";
import type { Clock, Network } from "../../agent/ports.ts";
import { defaultProfile, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { createArrivals } from "./arrivals.ts";
import type { Balance } from "./balance.ts";
import { SERIALS_FROM } from "./fleet-board.ts";
import { configOf, SERVER_NAME } from "./fleet-config.ts";
import { countedIn, createSite, type Site, type SiteOptions } from "./site.ts";

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly key: string;
  readonly secret: string;
}

export interface RealSiteOptions extends SiteOptions {
  /** Null: the sandbox, in this process, on loopback. */
  readonly server: ServerAddress | null;
  /** Default: the time of this machine. */
  readonly clock?: Clock;
}

export interface RealSite extends Site, AsyncDisposable {
  /** Once nothing is under way, or after `patienceS`. */
  settled(patienceS: number): Promise<Balance>;
}

/** A device's name is made of the last eight digits: four of the run, so that a server meets new devices each time, four of the board. */
const serialsOf = (seed: number) => SERIALS_FROM + (BigInt(seed & 0xffff) << 16n);
/** The sandbox remembers samples of so many minutes, to count each once. */
const REMEMBERED_SAMPLES = 256;

/** Boards with a socket of the kernel's each, and the time of this machine. */
export async function openRealSite(options: RealSiteOptions): Promise<RealSite> {
  const { boards: count, intervalMs, seed, clock = systemClock } = options;
  const begunMs = clock.monotonic();
  const sinceMs = () => clock.monotonic() - begunMs;
  const now = () => Math.floor(sinceMs() / 1_000);
  const reached = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const arrivals = createArrivals();
  const sandbox =
    options.server === null
      ? await startSandbox({
          ...{ clock, seed, httpPort: null, mostDevices: count, keepPoints: 1 },
          ...{ rememberTimestamps: 4, rememberSamples: REMEMBERED_SAMPLES },
          onEvent: countedIn(arrivals, now),
        })
      : null;
  const server = options.server ?? {
    ...{ host: "127.0.0.1", port: sandbox?.port ?? 0 },
    ...{ key: defaultProfile.key, secret: defaultProfile.secret },
  };

  const network: Network = {
    resolve: (host) => udpNetwork.resolve(host === SERVER_NAME ? server.host : host),
    connect: udpNetwork.connect,
  };
  const world = {
    ...{ clock, network, serialsFrom: serialsOf(seed) },
    config: configOf(server, intervalMs),
    // Access tokens are made of it, and the server may be a real one.
    randomOf: (index: number) => ({ ...seededRandom(seed + 1 + index), bytes: randomBytes }),
  };
  const pass = async () => {
    const next = now() + 1;
    // A timer of the kernel's may end a moment too early.
    while (now() < next) await reached(next * 1_000 - sinceMs());
  };
  const site = createSite({ boards: count, world, arrivals, sandbox, now, pass });
  return {
    ...site,
    async settled(patienceS) {
      for (let left = patienceS; left > 0; left--) {
        if (site.boards.every(({ waiting }) => waiting === 0)) break;
        await site.second();
      }
      return site.balance();
    },
    async [Symbol.asyncDispose]() {
      for (const board of site.boards) board.powerCut();
      await sandbox?.[Symbol.asyncDispose]();
    },
  };
}
