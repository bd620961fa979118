/**
 * cpu [--short] [--json]
 *
 * What a report costs: the built executable with default settings against a C program that reads the same files, both
 * sending to the same server at the same time. Absolute figures differ from machine to machine and from hour to hour; the
 * ratio of one run is what counts. Exits 1 when the budget is broken, 2 when nothing could be measured. docs/benchmark.md
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect, parseArgs } from "node:util";
import { startAcker } from "./acker.ts";
import { fullRun, judge, type Run, shortRun, tableOf } from "./budget.ts";
import { untilCalm } from "./calm.ts";
import { buildFloor, buildPipit, preparePipit, startFloor } from "./contenders.ts";
import { memoryOf } from "./usage.ts";
import { InvalidWindow, measureWindow } from "./window.ts";
import { demandPlausible, validWindows } from "./windows.ts";

const { values: options } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

/** Of one length, so that the datagrams are. */
const TOKENS = { pipit: "pipitBenchmarkToken1", floor: "floorBenchmarkToken1" } as const;

const say = (text: string) => process.stderr.write(`bench: ${text}\n`);

async function measure(run: Run, folder: string) {
  const { intervalMs, warmUp, plausibleFloorMs } = run;
  const program = buildFloor(folder);
  await untilCalm(say);
  await using acker = await startAcker(Object.values(TOKENS));
  const start = { folder, port: acker.port, intervalMs };
  const runPipit = await preparePipit({ ...start, token: TOKENS.pipit });
  await using pipit = runPipit();
  const nextOfPipit = () =>
    Promise.race([acker.next(TOKENS.pipit, 3 * intervalMs + 10_000), pipit.failure()]);
  for (let report = 1; report < warmUp; report++) await nextOfPipit();
  const { json } = await nextOfPipit();
  await sleep(intervalMs / 2); // so that neither runs while the other does
  await using floor = startFloor(program, { ...start, token: TOKENS.floor }, json.length);

  const windows = await validWindows(run.windows, say, async () => {
    const window = await measureWindow(acker, run, {
      pipit: { token: TOKENS.pipit, contender: pipit },
      floor: { token: TOKENS.floor, contender: floor },
    });
    demandPlausible(window.floor.cpuMsPerReport, plausibleFloorMs);
    return window;
  });
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
