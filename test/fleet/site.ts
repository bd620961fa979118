import { type Config, defaultConfig } from "../../agent/config/config.ts";
import type { OpenCarrier } from "../../agent/sandbox/carrier.ts";
import { peerOf } from "../../agent/sandbox/peer.ts";
import { defaultProfile, type Sandbox, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { fixtures } from "../fixtures/make-fixtures.ts";
import { memoryHost } from "../support/memory-host.ts";
import { type MemoryNetwork, memoryNetwork } from "../support/memory-network.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { type VirtualClock, virtualClock } from "../support/virtual-clock.ts";
import { type Arrivals, createArrivals } from "./arrivals.ts";
import { createFleetBoard, type FleetBoard } from "./fleet-board.ts";

const SERVER = { host: "192.0.2.1", port: 5683 };
const SERVER_NAME = "tb.example";
/** More would be memory of the stand-in, which has to stand still in a soak; a board repeats nothing that is older. */
const REMEMBERED = 4;

export interface SiteOptions {
  readonly boards: number;
  readonly intervalMs: number;
  readonly seed: number;
}

export interface Balance {
  readonly accepted: number;
  readonly stored: number;
  readonly waiting: number;
  readonly off: number;
}

/** Boards with one server, in one process: the sandbox, a network in memory, virtual time. */
export interface Site {
  readonly clock: VirtualClock;
  readonly sandbox: Sandbox;
  readonly boards: readonly FleetBoard[];
  readonly arrivals: Arrivals;
  /** Seconds since the beginning. */
  now(): number;
  online(): number;
  /** Lets one second pass. @throws what an agent has ended with */
  second(): Promise<void>;
  /** Of all boards; `off`: by how many samples boards and server differ, board by board. */
  balance(): Balance;
}

export async function openSite({ boards: count, intervalMs, seed }: SiteOptions): Promise<Site> {
  const clock = virtualClock(undefined, { turns: 1 });
  const begunMs = clock.monotonic();
  const second = () => Math.floor((clock.monotonic() - begunMs) / 1_000);
  const network = memoryNetwork({ clock, random: seededRandom(seed), remembered: 1 });
  network.name(SERVER_NAME, [SERVER.host]);
  const arrivals = createArrivals();
  const sandbox = await startSandbox({
    ...{ clock, seed, httpPort: null, host: SERVER.host, port: SERVER.port },
    ...{ keepPoints: 1, rememberTimestamps: REMEMBERED, mostDevices: count },
    openCarrier: carriedBy(network),
    onEvent: ({ method, code }) => {
      if (method !== "PUSH") arrivals.arrived(second(), code.startsWith("5."));
    },
  });

  let failure: { readonly error: unknown } | null = null;
  const world = {
    ...{ clock, network, config: configOf(intervalMs), host: memoryHost(board) },
    randomOf: (index: number) => seededRandom(seed + 1 + index),
    failed(error: unknown) {
      failure ??= { error };
    },
  };
  const boards = Array.from({ length: count }, (_, index) => createFleetBoard(index, world));
  const online = () => boards.reduce((total, { isOnline }) => total + (isOnline ? 1 : 0), 0);
  return {
    ...{ clock, sandbox, boards, arrivals, now: second, online },
    async second() {
      await clock.advance(1_000);
      if (failure !== null) throw failure.error;
      arrivals.online(second(), online());
    },
    balance() {
      const { devices } = sandbox.state();
      const total = { accepted: 0, stored: 0, waiting: 0, off: 0 };
      for (const { accepted, waiting, deviceName } of boards) {
        const stored = devices[deviceName]?.telemetry.samples ?? 0;
        total.accepted += accepted;
        total.stored += stored;
        total.waiting += waiting;
        total.off += Math.abs(accepted - stored - waiting);
      }
      return total;
    },
  };
}

/** A Raspberry Pi 4 without 1-Wire, whose readings have samples of their own. */
const board = Object.fromEntries(
  Object.entries(fixtures.pi4).filter(([path]) => !path.includes("w1")),
);

const configOf = (intervalMs: number): Config => ({
  ...defaultConfig,
  server: { ...defaultConfig.server, url: `coap://${SERVER_NAME}` },
  provisioning: {
    ...defaultConfig.provisioning,
    key: defaultProfile.key,
    secret: defaultProfile.secret,
  },
  telemetry: { ...defaultConfig.telemetry, interval: intervalMs },
});

/** The sandbox's way onto the network in memory. */
const carriedBy =
  (network: MemoryNetwork): OpenCarrier =>
  async ({ host, port, received }) => {
    const address = { host, port };
    const listening = network.listen(address, (datagram, _reply, from) =>
      received(datagram, peerOf({ address: from.host, port: from.port })),
    );
    return {
      port,
      send: (datagram, peer) =>
        network.inject(address, { host: peer.address, port: peer.port }, datagram),
      async close() {
        listening[Symbol.dispose]();
      },
    };
  };
