/**
 * growth [--short] [--json] [--results FILE]
 *
 * How the cost of a report grows: with the number of sensors, with what waits in the journal, with the interval. The executable with
 * default settings, on the files of a Raspberry Pi 4 for the first. Each curve is drawn against its own first point in the same run.
 * Exits 1 when a curve has a cliff, 2 when nothing could be measured. docs/benchmark.md
 */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hwmon } from "../fixtures/devices.ts";
import { fixtures } from "../fixtures/make-fixtures.ts";
import { writeTree } from "../fixtures/tree.ts";
import { type Acker, startAcker } from "./acker.ts";
import { storeBacklog } from "./backlog.ts";
import { untilCalm } from "./calm.ts";
import { type Contender, preparePipit, type Start } from "./contenders.ts";
import { type Costs, type Curve, cliffs, growthTable, pointsOf } from "./growth-table.ts";
import { benchProgram, options, say } from "./program.ts";
import { tokenOf } from "./token.ts";
import { usageOf } from "./usage.ts";
import { InvalidWindow } from "./window.ts";
import { createPatience, demandQuiet } from "./windows.ts";

const SECOND_MS = 1_000;
/** Of each point, one after the other; the medians count. Nine leave one out at each end (`noiseOf`). */
const WINDOWS = options.short ? 3 : 9;
/** With which 6 % were measured, and 12 % below a --sysroot. */
const SENSOR_SHARE = 0.08;
/** Of the longest interval in a window; at a shorter one as many as come in that time. */
const LEAST_REPORTS = 2;
/** The inventory's child has ended by then. */
const WARM_MS = 12_000;

interface Point {
  /** What the curve is about: sensors, waiting samples, milliseconds. */
  readonly at: number;
  readonly intervalMs: number;
  /** Of one window. */
  readonly reports: number;
  /** Where it is not this machine itself. */
  readonly board?: Pick<Start, "options" | "through">;
  /** Before it is started. */
  prepare?(folder: string): Promise<void>;
  /** Its telemetry is not answered: what it takes waits. */
  readonly isAway?: boolean;
}

/** All points of one curve at once, each an agent of its own. */
async function measure(
  folder: string,
  name: string,
  points: readonly Point[],
): Promise<Curve["points"]> {
  const tokens = points.map((_, index) => tokenOf(`growth${name}${index}`));
  await using acker = await startAcker(tokens);
  await using running = new AsyncDisposableStack();
  const begun: { readonly point: Point; readonly contender: Contender; readonly token: string }[] =
    [];
  for (const [index, point] of points.entries()) {
    const own = mkdtempSync(join(folder, `${name}-${index}-`));
    const token = tokens[index] ?? "";
    const { intervalMs } = point;
    const start = { folder: own, port: acker.port, token, intervalMs };
    const run = await preparePipit({ ...start, ...point.board });
    await point.prepare?.(own);
    if (point.isAway === true) acker.silent.add(token);
    begun.push({ point, contender: running.use(run()), token });
    await sleep(intervalMs / (points.length + 1));
  }
  await sleep(WARM_MS);
  // Awaited here: what runs ends with this function.
  return pointsOf(await Promise.all(begun.map((one) => costsOf(acker, one))));
}

async function costsOf(
  acker: Acker,
  { point, contender, token }: { point: Point; contender: Contender; token: string },
): Promise<Costs> {
  const { at, intervalMs, reports, isAway = false } = point;
  if (!isAway) await Promise.race([acker.next(token, 3 * intervalMs), contender.failure()]);
  await sleep(intervalMs / 4);
  const costs: number[] = [];
  for (let window = 0; window < WINDOWS; window++) {
    const before = { cpuMs: usageOf(contender.pid).cpuMs, sent: acker.reports(token).length };
    await Promise.race([sleep(reports * intervalMs), contender.failure()]);
    const sent = acker.reports(token).length - before.sent;
    // A report of many values is several messages.
    if (!isAway && sent < reports) throw new InvalidWindow(`${at}: ${sent} of ${reports} reports`);
    costs.push((usageOf(contender.pid).cpuMs - before.cpuMs) / reports);
  }
  return { at, costs };
}

/** A Raspberry Pi 4 with so many temperature sensors on its I²C buses. */
function boardWith(folder: string, sensors: number): Pick<Start, "options" | "through"> {
  const root = join(folder, `board-${sensors}`);
  const tree = Object.entries(fixtures.pi4).filter(([path]) => !/w1|hwmon|iio/.test(path));
  writeTree(root, Object.fromEntries(tree));
  for (let index = 0; index < sensors; index++) {
    const [bus, address] = [2 + Math.floor(index / 64), 0x10 + (index % 64)];
    const parent = `/sys/devices/platform/i2c-${bus}/${bus}-00${address.toString(16)}`;
    writeTree(root, hwmon(index, parent, { name: "lm75\n", temp1_input: `${20_000 + index}\n` }));
  }
  if (process.getuid?.() !== 0) return { options: ["--sysroot", root] };
  // As its own /sys: below a --sysroot each name of a path is looked at for links, which no board does.
  const mount = 'mount --bind "$0" /sys && exec "$@"';
  return { through: ["unshare", "--mount", "sh", "-c", mount, join(root, "sys")] };
}

async function curves(folder: string): Promise<readonly Curve[]> {
  const reports = options.short ? 4 : 12;
  const sensors = [0, 1, 10, 100].map((at) => ({
    ...{ at, reports, intervalMs: SECOND_MS, board: boardWith(folder, at) },
  }));
  const lengths = options.short ? [0, 1_000, 10_000] : [0, 1_000, 10_000, 100_000];
  const queue = lengths.map((at) => ({
    ...{ at, reports, intervalMs: SECOND_MS, isAway: true },
    prepare: (own: string) =>
      storeBacklog(join(own, "state"), at, (index) => ({
        cpuUsage: index % 100,
        load1: (index % 40) / 10,
        uptime: index * 10,
      })),
  }));
  const seconds = options.short ? [1, 2, 5] : [1, 3, 10, 30];
  const windowS = LEAST_REPORTS * Math.max(...seconds);
  const intervals = seconds.map((at) => ({
    ...{ at, intervalMs: at * SECOND_MS, reports: Math.floor(windowS / at) },
  }));
  const planned = [
    { name: "Sensors", of: "sensors", share: SENSOR_SHARE, points: sensors },
    { name: "Queue", of: "samples that wait", share: 0, points: queue },
    { name: "Interval", of: "seconds between reports", share: 0, points: intervals },
  ] as const;
  const valid = createPatience(say);
  const found: Curve[] = [];
  for (const { name, of, share, points } of planned) {
    const curve = await valid(async () => {
      await untilCalm(say);
      say(`${of}: ${points.map(({ at }) => at).join(", ")}`);
      const measured = await measure(folder, name, points);
      demandQuiet(of, measured);
      return { of, share, points: measured };
    });
    found.push(curve);
  }
  return found;
}

await benchProgram("growth", "a cliff", async (folder) => {
  const result = await curves(folder);
  return { result, table: growthTable(result), broken: cliffs(result) };
});
