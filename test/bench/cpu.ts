import { setTimeout as sleep } from "node:timers/promises";
import { startAcker } from "./acker.ts";
import { type CpuResult, fullRun, judge, type Run, shortRun, tableOf } from "./budget.ts";
import { untilCalm } from "./calm.ts";
import { buildFloor, preparePipit, startFloor } from "./contenders.ts";
import { benchProgram, options, say } from "./program.ts";
import { tokenOf } from "./token.ts";
import { largest, memoryOf } from "./usage.ts";
import { measureWindow } from "./window.ts";
import { demandPlausible, validWindows } from "./windows.ts";

const TOKENS = { pipit: tokenOf("pipit"), floor: tokenOf("floor") } as const;

/** What one process costs differs from what the next one does, by where things lie in its memory: each window has two of its own. */
async function measure(run: Run, folder: string): Promise<Pick<CpuResult, "windows" | "memory">> {
  const { intervalMs, warmUp, plausibleFloorMs } = run;
  const program = buildFloor(folder);
  await untilCalm(say);
  await using acker = await startAcker(Object.values(TOKENS));
  const start = { folder, port: acker.port, intervalMs };
  const runPipit = await preparePipit({ ...start, token: TOKENS.pipit });

  const measured = await validWindows(run.windows, say, async () => {
    await using pipit = runPipit();
    const nextOfPipit = () =>
      Promise.race([acker.next(TOKENS.pipit, 3 * intervalMs + 10_000), pipit.failure()]);
    for (let report = 1; report < warmUp; report++) await nextOfPipit();
    const { json } = await nextOfPipit();
    await sleep(intervalMs / 2); // so that neither runs while the other does
    await using floor = startFloor(program, { ...start, token: TOKENS.floor }, json.length);
    const window = await measureWindow(acker, run, {
      pipit: { token: TOKENS.pipit, contender: pipit },
      floor: { token: TOKENS.floor, contender: floor },
    });
    demandPlausible(window.floor.cpuMsPerReport, plausibleFloorMs);
    const memory = { pipit: memoryOf(pipit.pid), floor: memoryOf(floor.pid) };
    await pipit.end(); // what it has delivered is not sent again by the next one
    return { window, memory };
  });
  return {
    windows: measured.map(({ window }) => window),
    memory: {
      pipit: largest(measured.map(({ memory }) => memory.pipit)),
      floor: largest(measured.map(({ memory }) => memory.floor)),
    },
  };
}

const run = options.short ? shortRun : fullRun;
await benchProgram("cpu", "over the budget", async (folder) => {
  const { windows, memory } = await measure(run, folder);
  const lines = judge(run, windows, memory);
  return {
    result: { run, windows, memory, lines },
    table: `${run.reports} reports every ${run.intervalMs / 1000} s\n${tableOf(lines)}`,
    broken: lines.filter(({ kept }) => !kept).map(({ what }) => what),
  };
});
