import type { OpenCarrier } from "../../agent/sandbox/carrier.ts";
import { peerOf } from "../../agent/sandbox/peer.ts";
import { defaultProfile, type Sandbox, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { type MemoryNetwork, memoryNetwork } from "../support/memory-network.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { type VirtualClock, virtualClock } from "../support/virtual-clock.ts";
import { createArrivals } from "./arrivals.ts";
import { SERIALS_FROM } from "./fleet-board.ts";
import { configOf, SERVER_NAME } from "./fleet-config.ts";
import { countedIn, createSite, type Site, type SiteOptions } from "./site.ts";

const SERVER = { host: "192.0.2.1", port: 5683 };
/** What the stand-in remembers is memory of its own: little for each key, and for each sample longer than one is under way. */
const REMEMBERED = { keepPoints: 1, rememberTimestamps: 4, rememberSamples: 128 };
/** MAX_TRANSMIT_WAIT (RFC 7252 §4.8.2) is 93 s: no repetition comes later. In steady state it is full, and stands still. */
const REPEATED_WITHIN_MS = 120_000;

/** All in one process: the sandbox, a network in memory, virtual time. */
export interface VirtualSite extends Site {
  readonly clock: VirtualClock;
  readonly sandbox: Sandbox;
  readonly intervalMs: number;
}

export async function openSite(options: SiteOptions): Promise<VirtualSite> {
  const { boards: count, intervalMs, seed } = options;
  const clock = virtualClock(undefined, { turns: 1 });
  const begunMs = clock.monotonic();
  const now = () => Math.floor((clock.monotonic() - begunMs) / 1_000);
  const network = memoryNetwork({ clock, random: seededRandom(seed), remembered: 1 });
  network.name(SERVER_NAME, [SERVER.host]);
  const arrivals = createArrivals();
  const sandbox = await startSandbox({
    ...{ clock, seed, httpPort: null, host: SERVER.host, port: SERVER.port },
    ...{ ...REMEMBERED, mostDevices: count },
    mostExchanges: Math.ceil(count * Math.max(1, REPEATED_WITHIN_MS / intervalMs)),
    openCarrier: carriedBy(network),
    onEvent: countedIn(arrivals, now),
  });
  const world = {
    ...{ clock, network, serialsFrom: SERIALS_FROM },
    config: configOf({ port: SERVER.port, ...defaultProfile }, intervalMs),
    randomOf: (index: number) => seededRandom(seed + 1 + index),
  };
  const pass = () => clock.advance(1_000);
  const site = createSite({ boards: count, world, arrivals, sandbox, now, pass });
  return { ...site, clock, sandbox, intervalMs };
}

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
