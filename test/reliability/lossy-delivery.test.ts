import { expect, onTestFinished } from "vitest";
import { runAgent } from "../../agent/app.ts";
import { defaultConfig } from "../../agent/config/config.ts";
import { systemClock } from "../../agent/platform/clock.ts";
import { createLog } from "../../agent/platform/log.ts";
import { openPlatform } from "../../agent/platform/platform.ts";
import type { Journal } from "../../agent/ports.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { aJournal } from "../support/a-journal.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { noStatus } from "../support/no-status.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { proof } from "./proof.ts";

/** A journal that keeps its own record of what it accepted: what the server must hold in the end, exactly. */
function recorded(journal: Journal, samples: number) {
  const accepted = new Map<number, readonly string[]>();
  const full = Promise.withResolvers<void>();
  const empty = Promise.withResolvers<void>();
  const recording: Journal = {
    ...journal,
    async append(sample) {
      // Enough is enough: from here on the agent only delivers what waits.
      if (accepted.size >= samples) return 0;
      accepted.set(sample.taken.ts ?? 0, Object.keys(sample.readings));
      const id = await journal.append(sample);
      if (accepted.size === samples) full.resolve();
      return id;
    },
    async settle(ids) {
      await journal.settle(ids);
      if (accepted.size >= samples && journal.stats().waiting === 0) empty.resolve();
    },
  };
  return { recording, accepted, full: full.promise, empty: empty.promise };
}

proof(
  11,
  "over the kernel's UDP, too, the whole agent delivers every sample once by device, key and ts",
  async ({ seed, count }) => {
    const samples = count(1_000);
    const server = await startSandbox({ httpPort: null, seed, keepPoints: 2 * samples });
    onTestFinished(() => server[Symbol.asyncDispose]());
    const proxy = await startFaultProxy({
      upstream: { host: "127.0.0.1", port: server.port },
      seed,
      loss: 0.3,
      duplicate: 0.1,
      reorder: 0.1,
    });
    onTestFinished(() => proxy[Symbol.asyncDispose]());

    const lines: string[] = [];
    const log = createLog({
      level: "debug",
      journald: false,
      write: (line) => void lines.push(line),
    });
    const journal = aJournal(systemClock);
    const { recording, accepted, full, empty } = recorded(journal, samples);
    await using platform = openPlatform({
      stateDir: temporaryFolder(),
      version: "0.0.0",
      publishSocket: null,
      standing: noStatus.standing,
      allows: () => ({ pi_throttle: false, inventory: false }),
      sysroot: "/",
      log,
      services: { ready() {}, status() {}, watchdogMs: null, watchdog() {}, stopping() {} },
      journal: recording,
    });
    const config = {
      ...defaultConfig,
      server: { ...defaultConfig.server, url: `coap://127.0.0.1:${proxy.port}`, ack_timeout: 50 },
      provisioning: {
        ...defaultConfig.provisioning,
        key: "sandbox-key",
        secret: "sandbox-secret",
        device_name: "board-1",
      },
      telemetry: { ...defaultConfig.telemetry, interval: 100, phase: 0 },
    };
    const stop = new AbortController();
    const ended = runAgent(config, platform, {
      signal: stop.signal,
      splay: false,
      lastStop: "firstStart",
      safeMode: null,
      ...noStatus,
    }).catch((error: unknown) => error);
    await Promise.race([Promise.all([full, empty]), ended]);
    stop.abort();
    await ended;

    const context = `seed ${seed}\n${lines.slice(-20).join("\n")}`;
    const { devices } = server.state();
    expect(Object.keys(devices), context).toEqual(["board-1"]);
    const { keys } = devices["board-1"]?.telemetry ?? expect.fail(context);
    const stored = new Map<number, string[]>();
    for (const [key, { points, recent }] of Object.entries(keys)) {
      expect(recent, context).toHaveLength(points);
      for (const { ts } of recent) stored.set(ts, [...(stored.get(ts) ?? []), key]);
    }
    const sorted = (all: ReadonlyMap<number, readonly string[]>) =>
      [...all].map(([ts, names]) => `${ts} ${[...names].sort()}`).sort();
    expect(sorted(stored), context).toEqual(sorted(accepted));
    expect(journal.stats(), context).toMatchObject({ waiting: 0, dropped: 0 });
    expect(proxy.stats.up.dropped + proxy.stats.down.dropped, context).toBeGreaterThan(10);
    const dropped = proxy.stats.up.dropped + proxy.stats.down.dropped;
    return `${accepted.size} samples, ${dropped} datagrams lost, 0 samples lost`;
  },
);
