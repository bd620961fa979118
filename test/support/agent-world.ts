import { expect, onTestFinished } from "vitest";
import { runAgent } from "../../agent/app.ts";
import { type Config, defaultConfig } from "../../agent/config/config.ts";
import type { DurableJournal } from "../../agent/journal/journal.ts";
import type { Host, SocketAddress, TakenSample } from "../../agent/ports.ts";
import { fixtures } from "../fixtures/make-fixtures.ts";
import type { Tree } from "../fixtures/tree.ts";
import { aJournal } from "./a-journal.ts";
import { countingLog } from "./counting-log.ts";
import { fakePlatform } from "./fake-platform.ts";
import { ledgerJournal } from "./ledger-journal.ts";
import { type LivingFiles, memoryHost } from "./memory-host.ts";
import { memoryNetwork, type NameAnswer } from "./memory-network.ts";
import { memoryThingsBoard } from "./memory-thingsboard.ts";
import { noStatus } from "./no-status.ts";
import { sampleLedger } from "./sample-ledger.ts";
import { seededRandom } from "./seeded-random.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

export const serverName = "tb.example";
export const serverAddresses: readonly [SocketAddress, SocketAddress] = [
  { host: "192.0.2.1", port: 5683 },
  { host: "198.51.100.9", port: 5683 },
];

/** Without 1-Wire, whose readings have a sample of their own: one beat, one sample. */
const quickBoard = Object.fromEntries(
  Object.entries(fixtures.pi4).filter(([path]) => !path.includes("w1")),
);

export interface AgentWorldOptions {
  readonly seed: number;
  readonly intervalMs: number;
  /** For the ledger, which takes its memory at once. */
  readonly mostSamples: number;
  readonly journal?: (clock: VirtualClock) => Promise<DurableJournal>;
  /** What the server's name resolves to at first; default: its first address. */
  readonly dns?: NameAnswer;
  /** Default: a Raspberry Pi 4. */
  readonly board?: Tree;
  /** Between the agent and the board's files. */
  readonly through?: (host: Host) => Host;
  /** Told of each sample before it is stored. */
  readonly onSample?: (sample: TakenSample) => void;
  readonly change?: (config: Config) => Config;
}

/**
 * The whole agent core on virtual time: a Raspberry Pi whose readings change, a network and a ThingsBoard in memory, and a
 * ledger of what was accepted and what was stored. Keeps nothing that grows, so that a month fits.
 */
export async function agentWorld(options: AgentWorldOptions) {
  const { seed, intervalMs, mostSamples, board = quickBoard, onSample = () => {} } = options;
  const { change = (config) => config, through = (host) => host } = options;
  const clock = virtualClock(undefined, { turns: 1 });
  const random = seededRandom(seed);
  const network = memoryNetwork({ clock, random: seededRandom(seed + 1), remembered: 100 });
  const ledger = sampleLedger(mostSamples);
  const server = memoryThingsBoard({
    ...{ network, clock, random: seededRandom(seed + 2), slowMs: 5_000 },
    store: ledger.stored,
  });
  network.name(serverName, options.dns ?? [serverAddresses[0].host]);

  const config = change({
    ...defaultConfig,
    server: { ...defaultConfig.server, url: `coap://${serverName}` },
    provisioning: { ...defaultConfig.provisioning, key: "k", secret: "s" },
    telemetry: { ...defaultConfig.telemetry, interval: intervalMs, phase: 0 },
  });
  const journal = await (options.journal?.(clock) ?? aJournal(clock));
  const log = countingLog();
  const host = through(memoryHost(board, living(clock, random.fraction)));
  const platform = fakePlatform({
    ...{ clock, random, network, host, log },
    journal: ledgerJournal(journal, ledger, { precision: config.telemetry.precision, onSample }),
    services: { ready() {}, status() {}, watchdogMs: null, watchdog() {}, stopping() {} },
  });
  const stop = new AbortController();
  const outcome: { error: unknown } = { error: null };
  const run = { splay: false, lastStop: "firstStart", safeMode: null } as const;
  const start = { signal: stop.signal, ...run, ...noStatus };
  const ended = runAgent(config, platform, start).catch((error: unknown) => {
    outcome.error = error;
  });
  onTestFinished(() => stop.abort());

  const context = () => `seed ${seed}\n${log.latest.join("\n")}`;
  /** The agent runs, and the server has nothing that it should not have. */
  const expectSound = () => {
    // Asked at each step: no assertion, no text, unless something is wrong.
    if (outcome.error === null && ledger.faults.length === 0) return;
    expect.fail(`${[...ledger.faults, outcome.error ?? ""].join("\n")}\n${context()}`);
  };
  const listening = serverAddresses.map((address) => server.listen(address));
  return {
    /** Of the server, in the order of `serverAddresses`. */
    listening,
    ...{ clock, network, server, ledger, journal, log, platform, context, expectSound },
    isDelivered: () => ledger.counts.complete === ledger.counts.accepted,
    /** Stops the agent; then no timer and no socket may be left. */
    async end() {
      stop.abort();
      await clock.settle();
      await ended;
      await journal[Symbol.asyncDispose]();
      // What is still in flight. A server that took it up now would repeat its answers to nobody for more than a minute.
      server.be("silent");
      server.restart();
      await clock.advance(60_000);
      expect(clock.pending, context()).toBe(0);
      expect(network.channels, context()).toEqual([]);
    },
  };
}

export type AgentWorld = Awaited<ReturnType<typeof agentWorld>>;

/** What changes from look to look, in the shapes that the kernel writes. */
function living(clock: VirtualClock, fraction: () => number): LivingFiles {
  const seconds = () => clock.monotonic() / 1_000;
  const degrees = () => `${45_000 + Math.floor(fraction() * 20_000)}\n`;
  return {
    "/proc/uptime": () => `${seconds().toFixed(2)} ${(seconds() * 3.9).toFixed(2)}\n`,
    "/proc/loadavg": () => `${fraction().toFixed(2)} 0.58 0.59 1/212 4213\n`,
    "/proc/stat": () => {
      const idle = Math.floor(seconds() * 390 + fraction() * 10);
      return `cpu  ${Math.floor(seconds() * 10)} 0 ${Math.floor(seconds() * 5)} ${idle} 0 0 0 0 0 0\n`;
    },
    "/sys/class/thermal/thermal_zone0/temp": degrees,
    "/sys/devices/virtual/thermal/thermal_zone0/temp": degrees,
  };
}
