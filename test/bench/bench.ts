/**
 * npm run bench [-- --short] [--json] [--install]
 *
 * What a report costs: the built executable with default settings against a C program that reads the same files, both
 * sending to the same server at the same time. Absolute figures differ from machine to machine and from hour to hour; the
 * ratio of one run is what counts. Exits 1 when the budget is broken, 2 when nothing could be measured. docs/benchmark.md
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect, parseArgs } from "node:util";
import { startAcker } from "./acker.ts";
import { fullRun, judge, type Run, shortRun, tableOf } from "./budget.ts";
import { buildFloor, buildPipit, startFloor, startPipit } from "./contenders.ts";
import { memoryOf } from "./usage.ts";
import { InvalidWindow, measureWindow, type Window } from "./window.ts";

const { values: options } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    install: { type: "boolean", default: false },
  },
});

/** Of one length, so that the datagrams are. */
const TOKENS = { pipit: "pipitBenchmarkToken1", floor: "floorBenchmarkToken1" } as const;
const BUSY_LOAD = 1.5;
const CALM_LIMIT_S = 240;
const MOST_INVALID = 3;

const say = (text: string) => process.stderr.write(`bench: ${text}\n`);

/** Another program would be measured with ours. */
async function untilCalm(): Promise<void> {
  for (let waitedS = 0; (loadavg()[0] ?? 0) > BUSY_LOAD; waitedS += 5) {
    if (waitedS >= CALM_LIMIT_S)
      throw new InvalidWindow(
        `the load average is ${loadavg()[0]?.toFixed(1)}: something else runs`,
      );
    if (waitedS % 30 === 0)
      say(`load average ${loadavg()[0]?.toFixed(1)}, waiting for ${BUSY_LOAD}`);
    await sleep(5_000);
  }
}

async function measure(run: Run, folder: string) {
  const { intervalMs, warmUp, plausibleFloorMs } = run;
  const [least, most] = plausibleFloorMs;
  const program = buildFloor(folder, options.install);
  await untilCalm();
  await using acker = await startAcker(Object.values(TOKENS));
  const start = { folder, port: acker.port, intervalMs };
  await using pipit = await startPipit({ ...start, token: TOKENS.pipit });
  const nextOfPipit = () =>
    Promise.race([acker.next(TOKENS.pipit, 3 * intervalMs + 10_000), pipit.failure()]);
  for (let report = 1; report < warmUp; report++) await nextOfPipit();
  const { jsonBytes } = await nextOfPipit();
  await sleep(intervalMs / 2); // so that neither runs while the other does
  await using floor = startFloor(program, { ...start, token: TOKENS.floor }, jsonBytes);

  const windows: Window[] = [];
  for (let invalid = 0; windows.length < run.windows; ) {
    try {
      const window = await measureWindow(acker, run, {
        pipit: { token: TOKENS.pipit, contender: pipit },
        floor: { token: TOKENS.floor, contender: floor },
      });
      const floorMs = window.floor.cpuMsPerReport;
      if (floorMs < least || floorMs > most)
        throw new InvalidWindow(
          `the C program took ${floorMs.toFixed(3)} ms, not ${least} to ${most}`,
        );
      windows.push(window);
      say(`window ${windows.length} of ${run.windows}`);
    } catch (error) {
      if (!(error instanceof InvalidWindow) || ++invalid === MOST_INVALID) throw error;
      say(`${error.message}: measured again`);
    }
  }
  return { windows, memory: { pipit: memoryOf(pipit.pid), floor: memoryOf(floor.pid) } };
}

const run = options.short ? shortRun : fullRun;
const folder = mkdtempSync(join(tmpdir(), "pipit-bench-"));
try {
  buildPipit();
  const { windows, memory } = await measure(run, folder);
  const lines = judge(run, windows, memory);
  if (options.json) process.stdout.write(`${JSON.stringify({ run, windows, memory, lines })}\n`);
  else
    process.stdout.write(
      `${run.reports} reports every ${run.intervalMs / 1000} s\n${tableOf(lines)}\n`,
    );
  const broken = lines.filter(({ kept }) => !kept).map(({ what }) => what);
  if (broken.length > 0) {
    say(`over the budget: ${broken.join(", ")}`);
    process.exitCode = 1;
  }
} catch (error) {
  say(`no result: ${error instanceof InvalidWindow ? error.message : inspect(error)}`);
  process.exitCode = 2;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
