import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Host, Readings } from "../../agent/ports.ts";
import { fixtures } from "../fixtures/make-fixtures.ts";
import { agentWorld } from "../support/agent-world.ts";
import { failingAt } from "../support/fixtures.ts";
import { pipit } from "../support/pipit-process.ts";
import { site } from "../support/site.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { proof } from "./proof.ts";

const MOST_TO_END_MS = 2_000;
const MOST_JITTER_MS = 100;
/** The first look at a sensor that hangs is waited for, once. */
const LOOK_DEADLINE_MS = 2_000;

/** So long that the reader child of a busy machine has started, and answered for the others, before it is killed. */
const fileSensor = (key: string, path: string) =>
  `[[sensors]]\ntype = "file"\nkey = "${key}"\npath = "${path}"\ntimeout = "15s"\n`;

proof(
  29,
  "hanging, failing and mad sensors are absent, the others on time, and SIGTERM is heard",
  async ({ count }) => {
    const samples = count(60);
    const folder = temporaryFolder();
    const at = (name: string) => join(folder, name);
    execFileSync("mkfifo", [at("hung1"), at("hung2"), at("hung3")]);
    writeFileSync(at("mad"), "nan\n");
    writeFileSync(at("good"), "21.5\n");
    // At address 0 of a process nothing is ever mapped: reading there is EIO.
    const broken = {
      ...{ hung1: at("hung1"), hung2: at("hung2"), hung3: at("hung3") },
      mad: at("mad"),
    };
    const sensors = Object.entries({ ...broken, eio: "/proc/self/mem", good: at("good") });
    const toml = sensors.map(([key, path]) => fileSensor(key, path)).join("");
    const { server, until, args } = await site({}, toml);
    const agent = pipit(["run", ...args]);
    const keys = () => server.state().devices["board-1"]?.telemetry.keys ?? {};
    await until(() => (keys()["uptime"]?.points ?? 0) >= samples && keys()["good"] !== undefined);

    const startMs = performance.now();
    agent.child.kill("SIGTERM");
    expect(await agent.ended).toBe(0);
    const endMs = performance.now() - startMs;
    expect(endMs).toBeLessThanOrEqual(MOST_TO_END_MS);
    for (const key of [...Object.keys(broken), "eio"]) expect(keys()[key], key).toBeUndefined();
    const times = (keys()["uptime"]?.recent ?? []).map(({ ts }) => ts);
    // The first is taken at the start, not on a beat.
    const gaps = times.slice(2).map((ts, index) => ts - (times[index + 1] ?? 0));
    const late = gaps.map((gap) => Math.abs(gap - 1_000)).sort((a, b) => a - b);
    const median = late[late.length >> 1] ?? Number.NaN;
    expect(median, String(gaps)).toBeLessThanOrEqual(MOST_JITTER_MS);
    return `5 of 6 sensors absent, the others of ${times.length} samples at most ${median} ms off in the median; ended ${Math.round(endMs)} ms after SIGTERM`;
  },
);

/** Reads of these never return. */
const hangingAt = (host: Host, paths: readonly string[]): Host => ({
  ...host,
  readFile: (path, limitBytes) =>
    paths.includes(path) ? new Promise<never>(() => {}) : host.readFile(path, limitBytes),
});

const isSound = (readings: Readings) =>
  Object.values(readings).every((value) => typeof value !== "number" || Number.isFinite(value));

proof(
  29,
  "a driver that never answers costs its own key, once 2 s, and no beat",
  async ({ seed, count }) => {
    const reports = count(1_000);
    const intervalMs = 10_000;
    const taken: { readonly atMs: number; readonly readings: Readings }[] = [];
    const hung = "/sys/class/thermal/thermal_zone0/temp";
    const failing = "/proc/meminfo";
    const world = await agentWorld({
      ...{ seed, intervalMs, mostSamples: reports + 100 },
      through: (host) => failingAt(hangingAt(host, [hung]), failing, "EIO"),
      onSample: ({ taken: { monotonicMs: atMs }, readings }) => void taken.push({ atMs, readings }),
    });
    await world.clock.advance(reports * intervalMs);
    await world.clock.until(() => world.isDelivered());
    world.expectSound();
    const [, ...beats] = taken;
    expect(beats.length).toBeGreaterThanOrEqual(reports - 1);
    const offsets = beats.slice(1).map(({ atMs }, index) => atMs - (beats[index]?.atMs ?? 0));
    const worst = Math.max(...offsets.map((gap) => Math.abs(gap - intervalMs)));
    expect(worst, world.context()).toBeLessThanOrEqual(MOST_JITTER_MS);
    expect((taken[0]?.atMs ?? 0) - 1_000).toBeLessThanOrEqual(LOOK_DEADLINE_MS + MOST_JITTER_MS);
    for (const { readings } of taken) {
      expect(readings).toHaveProperty("load1");
      expect(readings).not.toHaveProperty("cpuTemperature");
      expect(readings).not.toHaveProperty("memoryUsage");
    }
    await world.end();
    return `${beats.length} samples, none without the other keys, at most ${worst} ms off`;
  },
);

proof(29, "a board of which every file is wrong sends nothing wrong", async ({ seed, count }) => {
  const reports = count(1_000);
  let mad = 0;
  const world = await agentWorld({
    ...{ seed, intervalMs: 10_000, mostSamples: 3 * reports + 100, board: fixtures.faulty },
    onSample({ readings }) {
      if (!isSound(readings)) mad++;
    },
  });
  await world.clock.advance(reports * 10_000);
  await world.clock.until(() => world.isDelivered());
  world.expectSound();
  expect(mad).toBe(0);
  const { accepted } = world.ledger.counts;
  expect(accepted).toBeGreaterThanOrEqual(reports);
  await world.end();
  return `${accepted} samples of a faulty board, 0 with a value that is none; ${world.log.lines} lines of log`;
});
