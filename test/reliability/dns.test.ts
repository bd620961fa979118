import { expect } from "vitest";
import {
  type AgentWorld,
  agentWorld,
  serverAddresses,
  serverName,
} from "../support/agent-world.ts";
import type { NameAnswer } from "../support/memory-network.ts";
import { proof } from "./proof.ts";

const INTERVAL_MS = 60_000;
const OUTAGE_MS = 1_800_000;
const BEFORE_MS = 600_000;
/** Longest back-off of telemetry and of provisioning, and one look-up that runs into its deadline. */
const TELEMETRY_LIMIT_MS = 300_000 + 10_000;
const PROVISIONING_LIMIT_MS = 600_000 + 10_000;
/** Nobody says that an address has fallen silent: only after a second deadline of 30 s is the name asked again. */
const SILENT_MOVE_LIMIT_MS = 2 * (300_000 + 30_000);

const [first, second] = serverAddresses;
const ipv6 = { host: "2001:db8::5683", port: 5683 };

interface Trouble {
  readonly name: string;
  readonly limitMs: number;
  /** What the name resolves to at the start. */
  readonly dns: NameAnswer;
  /** Begins when the agent has delivered for a while, or at the start if it cannot deliver. */
  readonly begin: (world: AgentWorld) => void;
  readonly end: (world: AgentWorld) => void;
}

const breakSockets = ({ network }: AgentWorld) => {
  for (const channel of network.channels) channel.kill("EBADF");
};
const nothing = () => {};

const troubles: readonly Trouble[] = [
  ...(["ENOTFOUND", "EAI_AGAIN", "hang"] as const).map((code) => ({
    name: `${code} at the start`,
    limitMs: PROVISIONING_LIMIT_MS,
    dns: code,
    begin: nothing,
    end: ({ network }: AgentWorld) => network.name(serverName, [first.host]),
  })),
  ...(["ENOTFOUND", "hang"] as const).map((code) => ({
    name: `${code} while the server moves`,
    limitMs: TELEMETRY_LIMIT_MS,
    dns: [first.host],
    begin(world: AgentWorld) {
      world.network.name(serverName, code);
      world.listening[0]?.[Symbol.dispose]();
      breakSockets(world);
    },
    end: ({ network }: AgentWorld) => network.name(serverName, [second.host]),
  })),
  {
    name: "the server moves, and its old address falls silent",
    limitMs: SILENT_MOVE_LIMIT_MS,
    dns: [first.host],
    begin(world) {
      world.server.be("silent");
    },
    end(world) {
      world.listening[0]?.[Symbol.dispose]();
      world.network.listen(first, nothing);
      world.server.be("well");
      world.network.name(serverName, [second.host]);
    },
  },
  {
    name: "from IPv4 to IPv6 only",
    limitMs: TELEMETRY_LIMIT_MS,
    dns: [first.host],
    begin(world) {
      world.server.be("away");
      world.network.name(serverName, "ENOTFOUND");
    },
    end(world) {
      world.listening[0]?.[Symbol.dispose]();
      world.server.listen(ipv6);
      world.server.be("well");
      world.network.name(serverName, [ipv6.host]);
    },
  },
];

proof(
  17,
  "delivery is back within one back-off of DNS, and one look-up is asked at a time",
  async ({ seed, count }) => {
    const rounds = Math.ceil(count(100) / troubles.length);
    const worst = new Map<number, number>();
    for (let round = 0; round < rounds; round++) {
      for (const trouble of troubles) {
        const tookMs = await survive(trouble, seed + round * 10);
        worst.set(trouble.limitMs, Math.max(worst.get(trouble.limitMs) ?? 0, tookMs));
      }
    }
    const after = (limitMs: number) => `${Math.round((worst.get(limitMs) ?? 0) / 1_000)} s`;
    return `${rounds * troubles.length} outages of half an hour, back after ${after(TELEMETRY_LIMIT_MS)} at most, at the first start ${after(PROVISIONING_LIMIT_MS)}, after a silent move ${after(SILENT_MOVE_LIMIT_MS)}; one look-up at a time`;
  },
);

/** How long after the end of the trouble the first sample arrived, in milliseconds. */
async function survive({ name, limitMs, dns, begin, end }: Trouble, seed: number): Promise<number> {
  const world = await agentWorld({ seed, intervalMs: INTERVAL_MS, mostSamples: 5_000, dns });
  const { clock, network, ledger, journal } = world;
  const pass = async (ms: number, done: () => boolean = () => false) => {
    for (let passed = 0; passed < ms && !done(); passed += 1_000) {
      await clock.advance(1_000);
      expect(network.lookingUp, `${name}, ${world.context()}`).toBeLessThanOrEqual(1);
      world.expectSound();
    }
  };
  if (typeof dns !== "string") await pass(BEFORE_MS);
  begin(world);
  await pass(OUTAGE_MS);
  const { complete } = ledger.counts;
  const startMs = clock.monotonic();
  end(world);
  await pass(2 * limitMs, () => ledger.counts.complete > complete);
  const tookMs = clock.monotonic() - startMs;
  expect(tookMs, `${name}, ${world.context()}`).toBeLessThanOrEqual(limitMs);
  await clock.until(() => world.isDelivered() && journal.stats().waiting === 0);
  await world.end();
  return tookMs;
}
