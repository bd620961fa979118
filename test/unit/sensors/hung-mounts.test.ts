import { expect, it } from "vitest";
import { defaultConfig } from "../../../agent/config/config.ts";
import { createHealth } from "../../../agent/health.ts";
import type { Host } from "../../../agent/ports.ts";
import { openSources } from "../../../agent/sensors/sources.ts";
import { createDeadband } from "../../../agent/telemetry/deadband.ts";
import { createSampler } from "../../../agent/telemetry/sampler.ts";
import { fixtureDisk } from "../../fixtures/disk.ts";
import { stampOf } from "../../support/a-journal.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { noDevices } from "../../support/look.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { readerOver } from "./rig.ts";

const MOUNTS = ["/mnt/a", "/mnt/b", "/mnt/c", "/mnt/d"];

/** The pi4 with four mounts whose server is gone, and an agent that was started over it. */
function board() {
  const [clock, log] = [virtualClock(), recordingLog()];
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const host: Host = {
    ...fixtureHost("pi4"),
    async statfs(path) {
      if (path === "/") return fixtureDisk;
      asked.push(path);
      await new Promise<void>((resolve) => answers.push(resolve));
      return fixtureDisk;
    },
  };
  const gpio = { open: () => expect.fail("no line is asked for") };
  const deadband = createDeadband({ deadband: 0, maxSilenceMs: 60_000, intervalMs: 10_000 });
  const start = () => {
    const system = { ...defaultConfig.system, metrics: ["disk"], disk_paths: ["/", ...MOUNTS] };
    const world = { host, reader: readerOver(host), gpio, log };
    const { fixed } = openSources({ ...defaultConfig, system }, world, noDevices);
    const sampler = createSampler({
      ...{ clock, stamp: stampOf(clock), deadband, health: createHealth(), log },
    });
    return async () => {
      const sample = sampler.sample(fixed, new AbortController().signal);
      await clock.advance(2_000);
      return Object.keys((await sample)?.readings ?? {});
    };
  };
  const errors = () => log.lines.splice(0).map(({ fields }) => String(fields["error"]));
  return { clock, start, asked, answers, errors };
}

it("mounts that hang cost their own readings and two threads, also after a reload", async () => {
  const { start, asked, errors } = board();
  const look = start();
  expect(await look()).toEqual(["diskUsage", "diskFreeGb"]);
  expect(asked).toEqual(["/mnt/a", "/mnt/b"]);
  expect(errors()).toHaveLength(4);
  expect(await look()).toEqual(["diskUsage", "diskFreeGb"]);
  expect(errors().toSorted()).toEqual([
    "statfs /mnt/a: its last read has not returned",
    "statfs /mnt/b: its last read has not returned",
    "statfs /mnt/c: not read, 2 reads have not returned: statfs /mnt/a, statfs /mnt/b",
    "statfs /mnt/d: not read, 2 reads have not returned: statfs /mnt/a, statfs /mnt/b",
  ]);
  expect(await start()()).toEqual(["diskUsage", "diskFreeGb"]);
  expect(asked).toEqual(["/mnt/a", "/mnt/b"]);
});

it("a mount that answers at last lets the others be asked", async () => {
  const { clock, start, asked, answers } = board();
  const look = start();
  await look();
  for (const answer of answers.splice(0)) answer();
  await clock.settle();
  await look();
  expect(asked.slice(2)).toEqual(["/mnt/a", "/mnt/b"]);
});
