import type { Random, SocketAddress } from "../../agent/ports.ts";
import { encode } from "./coap-bytes.ts";
import { mutate, mutateStructure } from "./coap-mutations.ts";
import type { LinkFaults } from "./faulty-link.ts";
import type { MemoryNetwork, NameAnswer } from "./memory-network.ts";
import type { MemoryThingsBoard, ServerMood } from "./memory-thingsboard.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The wall clock never strays further: what is dated must stay plausible. */
const FARTHEST_STEP_MS = 2 * HOUR_MS;

export interface Weather {
  /** Some time has passed: what is due happens. */
  step(passedMs: number): void;
  /** From now on nothing bad happens any more. */
  calm(): void;
  /** How often each kind of misfortune struck. */
  readonly struck: Readonly<Record<string, number>>;
}

export interface WeatherDeps {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly server: MemoryThingsBoard;
  readonly random: Random;
  /** The server's name, and where it is reached: one of them at a time. */
  readonly name: string;
  readonly addresses: readonly [SocketAddress, ...SocketAddress[]];
}

/** All that a network, a server and a clock do to a device within a month, from a seed. */
export function hostileWeather(deps: WeatherDeps): Weather {
  const { clock, network, server, random, name, addresses } = deps;
  const struck: Record<string, number> = {};
  const between = (low: number, high: number) => low + random.fraction() * (high - low);
  const oneOf = <T>(items: readonly [T, ...T[]]): T =>
    items[Math.floor(random.fraction() * items.length)] ?? items[0];
  let address = addresses[0];
  let wallOffsetMs = 0;
  let endOutage: (() => void) | null = null;
  let outageLeftMs = 0;

  const link = (): Partial<LinkFaults> => ({
    loss: between(0.05, 0.3),
    duplicate: between(0, 0.2),
    reorder: between(0, 0.2),
    holdMs: oneOf([30, 1_000, 20_000]),
    delayMs: between(5, 300),
    jitterMs: between(0, 300),
  });
  const links = () => {
    network.up.setFaults(link());
    network.down.setFaults(link());
  };
  const answer = (of: NameAnswer) => network.name(name, of);
  const failChannels = (...codes: readonly [string, ...string[]]) => {
    for (const channel of network.channels) channel.fail(oneOf(codes));
  };
  const killChannels = () => {
    for (const channel of network.channels) channel.kill("EBADF");
  };

  const inMood = (mood: ServerMood) => () => {
    server.be(mood);
    return () => server.be("well");
  };

  /** Each begins, and returns what ends it. */
  const outages: readonly [string, () => () => void][] = [
    [
      "silence",
      () => {
        network.up.setFaults({ loss: 1 });
        network.down.setFaults({ loss: 1 });
        return links;
      },
    ],
    ["server silent", inMood("silent")],
    ["server away", inMood("away")],
    ["5.00", inMood("broken")],
    [
      "no route",
      () => {
        network.refuseConnect("ENETUNREACH");
        failChannels("ENETUNREACH", "EHOSTUNREACH");
        return () => network.refuseConnect(null);
      },
    ],
    [
      "DNS",
      () => {
        answer(oneOf(["ENOTFOUND", "EAI_AGAIN", "hang"]));
        killChannels();
        return () => answer([address.host]);
      },
    ],
    [
      "server moves",
      () => {
        // Its old address stays silent for as long; DNS knows the new one at once.
        const old = address;
        address = oneOf(addresses);
        answer(old === address ? "EAI_AGAIN" : [address.host]);
        killChannels();
        return () => answer([address.host]);
      },
    ],
  ];

  /** Mean time between two of them, and what happens. */
  const incidents: readonly [string, number, () => void][] = [
    ["weather", HOUR_MS, () => (endOutage === null ? links() : undefined)],
    ["restart", 6 * HOUR_MS, () => server.restart()],
    ["NAT rebinding", 3 * HOUR_MS, () => server.rebind()],
    ["ICMP", HOUR_MS / 2, () => failChannels("ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH")],
    ["socket dies", 8 * HOUR_MS, killChannels],
    [
      "clock step",
      2 * HOUR_MS,
      () => {
        const wanted = oneOf([-1, 1]) * oneOf([1_000, 30_000, HOUR_MS]) * between(0.5, 1);
        const stepMs = Math.abs(wallOffsetMs + wanted) > FARTHEST_STEP_MS ? -wanted : wanted;
        wallOffsetMs += stepMs;
        clock.stepWall(stepMs);
      },
    ],
    ["malformed", 3 * MINUTE_MS, () => attack((bytes) => mutate(bytes, random), 5)],
    ["spoofed", 3 * MINUTE_MS, () => attack((bytes) => mutateStructure(bytes, random), 5)],
    [
      "outage",
      8 * HOUR_MS,
      () => {
        if (endOutage !== null) return;
        const [kind, begin] = outages[Math.floor(random.fraction() * outages.length)] ?? [];
        if (kind === undefined || begin === undefined) return;
        struck[kind] = (struck[kind] ?? 0) + 1;
        endOutage = begin();
        // As many of minutes as of hours.
        outageLeftMs = MINUTE_MS * 240 ** random.fraction();
      },
    ],
  ];

  /** Guesses that know addresses, ports and message IDs, from the server's own address or from elsewhere. */
  const attack = (change: (bytes: Uint8Array) => Uint8Array, count: number) => {
    for (const { local, remote } of network.channels) {
      for (let left = count; left > 0; left--) {
        const valid = encode({
          type: oneOf(["ACK", "CON", "NON"] as const),
          code: oneOf(["2.01", "2.04", "4.01", "5.00"]),
          mid: Math.floor(random.fraction() * 65_536),
          token: random.bytes(8),
        });
        const from = random.fraction() < 0.5 ? remote : { host: "203.0.113.66", port: remote.port };
        network.inject(from, local, change(valid));
      }
    }
  };

  answer([address.host]);
  links();
  return {
    struck,
    step(passedMs) {
      outageLeftMs -= passedMs;
      if (outageLeftMs <= 0 && endOutage !== null) {
        endOutage();
        endOutage = null;
      }
      for (const [kind, meanMs, happen] of incidents) {
        if (random.fraction() >= passedMs / meanMs) continue;
        struck[kind] = (struck[kind] ?? 0) + 1;
        happen();
      }
    },
    calm() {
      endOutage?.();
      endOutage = null;
      const clean = { loss: 0, duplicate: 0, reorder: 0, delayMs: 20, jitterMs: 0 };
      network.up.setFaults(clean);
      network.down.setFaults(clean);
    },
  };
}
