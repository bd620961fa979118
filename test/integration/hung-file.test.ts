import { type ChildProcess, execFileSync } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { FileSensor } from "../../agent/config/sensor-config.ts";
import { createHealth } from "../../agent/health.ts";
import { createHost } from "../../agent/platform/host.ts";
import { ownProgram } from "../../agent/platform/own-program.ts";
import { createReaderChild } from "../../agent/platform/reader-child.ts";
import { openSensors } from "../../agent/sensors/open.ts";
import { createDeadband } from "../../agent/telemetry/deadband.ts";
import { createSampler } from "../../agent/telemetry/sampler.ts";
import { recordingLog } from "../support/recording-log.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const MINUTES = 5;

const hungFile = (name: string): FileSensor => ({
  ...{ type: "file", id: name, key: name, path: `/run/${name}`, enabled: true, schedule: null },
  ...{ interval: 1_000, unit: null, on_change: false, factor: 1, offset: 0, deadband: null },
  ...{ timeout: null, format: "number", pattern: null },
});

/** A thermometer on 1-Wire, and a pipe that nobody ever writes to. */
function board() {
  const root = temporaryFolder();
  const chip = join(root, "sys/bus/w1/devices/28-0316a2794eff");
  for (const folder of [chip, join(root, "run")]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(chip, "temperature"), "21437\n");
  execFileSync("mkfifo", [join(root, "run/level")]);
  return root;
}

/** Resolves when every child that was told to end has ended: virtual time does not wait for that. */
function killedChildren(): () => Promise<void> {
  const children: ChildProcess[] = [];
  const onSpawn = (message: unknown) =>
    void children.push((message as { process: ChildProcess }).process);
  subscribe("child_process", onSpawn);
  onTestFinished(() => void unsubscribe("child_process", onSpawn));
  const isDying = ({ killed, exitCode, signalCode }: ChildProcess) =>
    killed && exitCode === null && signalCode === null;
  return async () => {
    await Promise.all(children.filter(isDying).map((child) => once(child, "exit")));
  };
}

it("a file that hangs for ever costs a thermometer on 1-Wire not one beat", async () => {
  const root = board();
  const [clock, log, health] = [virtualClock(), recordingLog(), createHealth()];
  const program = ownProgram(["reader", "--sysroot", root]);
  const reader = createReaderChild({ program, clock, log });
  onTestFinished(() => reader[Symbol.asyncDispose]());
  const gpio = { open: () => expect.fail("no line is asked for") };
  const sensors = [hungFile("level")];
  const { fixed, found } = openSensors(
    { host: createHost({ root }), reader, gpio, log },
    { sensors, automatic: true },
  );
  const stamp = () => ({ bootId: "x", monotonicMs: clock.monotonic(), ts: clock.now() });
  const deadband = createDeadband({ deadband: 0, maxSilenceMs: 60_000, intervalMs: 10_000 });
  const sampler = createSampler({ clock, stamp, deadband, health, log });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());

  const dead = killedChildren();
  const thermometers = await found(clock.monotonic());
  let [beats, values] = [0, 0];
  for (let second = 0; second < MINUTES * 60 && values === beats; second++) {
    for (const source of fixed) void sampler.sample([source], stop.signal);
    await clock.advance(1_000);
    await dead();
    if (second % 10 !== 0) continue;
    beats++;
    const sample = await sampler.sample(thermometers, stop.signal);
    if (sample?.readings["ds18b20At0316a2794effTemperature"] === 21.437) values++;
  }
  expect({ beats, values }).toEqual({ beats: 6 * MINUTES, values: 6 * MINUTES });
  expect(health.sensorErrors).toBeGreaterThan(100);
  expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
}, 120_000);
