import { randomBytes } from "node:crypto";
import { systemClock } from "../../agent/platform/clock.ts";
import { udpNetwork } from "../../agent/platform/udp.ts";
import type { Clock, Network } from "../../agent/ports.ts";
import { defaultProfile, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { createArrivals } from "./arrivals.ts";
import { type Balance, balanceOf, storedIn } from "./balance.ts";
import { createFleetBoard, SERIALS_FROM } from "./fleet-board.ts";
import { boardFiles, configOf, SERVER_NAME } from "./fleet-config.ts";
import { onlineOf, type Site } from "./site.ts";

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly key: string;
  readonly secret: string;
}

export interface RealSiteOptions {
  readonly boards: number;
  readonly intervalMs: number;
  readonly seed: number;
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
  const second = () => Math.floor(sinceMs() / 1_000);
  const reached = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const arrivals = createArrivals();
  const sandbox =
    options.server === null
      ? await startSandbox({
          ...{ clock, seed, httpPort: null, mostDevices: count, keepPoints: 1 },
          ...{ rememberTimestamps: 4, rememberSamples: REMEMBERED_SAMPLES },
          onEvent: ({ method, code }) => {
            if (method !== "PUSH") arrivals.arrived(second(), code.startsWith("5."));
          },
        })
      : null;
  const server = options.server ?? {
    ...{ host: "127.0.0.1", port: sandbox?.port ?? 0 },
    ...{ key: defaultProfile.key, secret: defaultProfile.secret },
  };

  let failure: { readonly error: unknown } | null = null;
  const network: Network = {
    resolve: (host) => udpNetwork.resolve(host === SERVER_NAME ? server.host : host),
    connect: udpNetwork.connect,
  };
  const world = {
    ...{ clock, network, host: boardFiles() },
    config: configOf(server, intervalMs),
    serialsFrom: serialsOf(seed),
    // Access tokens are made of it, and the server may be a real one.
    randomOf: (index: number) => ({ ...seededRandom(seed + 1 + index), bytes: randomBytes }),
    failed(error: unknown) {
      failure ??= { error };
    },
  };
  const boards = Array.from({ length: count }, (_, index) => createFleetBoard(index, world));
  const online = () => onlineOf(boards);
  const site = {
    ...{ boards, arrivals, now: second, online, countsRequests: sandbox !== null },
    async second() {
      const next = second() + 1;
      // A timer of the kernel's may end a moment too early.
      while (second() < next) await reached(next * 1_000 - sinceMs());
      if (failure !== null) throw failure.error;
      arrivals.online(second(), online());
    },
    balance: () => balanceOf(boards, sandbox && storedIn(sandbox.state().devices)),
  };
  return {
    ...site,
    async settled(patienceS) {
      for (let left = patienceS; left > 0; left--) {
        if (boards.every(({ waiting }) => waiting === 0)) break;
        await site.second();
      }
      return site.balance();
    },
    async [Symbol.asyncDispose]() {
      for (const board of boards) board.powerCut();
      await sandbox?.[Symbol.asyncDispose]();
    },
  };
}
