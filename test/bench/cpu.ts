import { setTimeout as sleep } from "node:timers/promises";
import { startAcker } from "./acker.ts";
import { fullRun, judge, type Run, shortRun, tableOf } from "./budget.ts";
import { untilCalm } from "./calm.ts";
import { buildFloor, preparePipit, startFloor } from "./contenders.ts";
import { benchProgram, options, say } from "./program.ts";
import { tokenOf } from "./token.ts";
import { memoryOf } from "./usage.ts";
import { measureWindow } from "./window.ts";
import { demandPlausible, validWindows } from "./windows.ts";

const TOKENS = { pipit: tokenOf("pipit"), floor: tokenOf("floor") } as const;

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
await benchProgram("cpu", "over the budget", async (folder) => {
  const { windows, memory } = await measure(run, folder);
  const lines = judge(run, windows, memory);
  return {
    result: { run, windows, memory, lines },
    table: `${run.reports} reports every ${run.intervalMs / 1000} s\n${tableOf(lines)}`,
    broken: lines.filter(({ kept }) => !kept).map(({ what }) => what),
  };
});
