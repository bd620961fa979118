/**
 * start [--short] [--json] [--results FILE]
 *
 * How long the executable takes from its start until systemd is told READY=1, and until the server has acknowledged the first value,
 * from stored credentials: cold (its pages are not in memory) and warm. The baseline is the same Node with an empty program, from
 * its start to its end. Exits 1 when the budget is broken, 2 when nothing could be measured. docs/benchmark.md
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { listenForNotifications } from "../support/notify-socket.ts";
import { startAcker } from "./acker.ts";
import { untilCalm } from "./calm.ts";
import { executable, preparePipit } from "./contenders.ts";
import { forget } from "./forget.ts";
import { benchProgram, options, say } from "./program.ts";
import { judgeStarts, type Round, startTable, type Times } from "./start-table.ts";

const TOKEN = "startBenchmarkToken1";
/** Long: only the first value of each run counts. */
const INTERVAL_MS = 3_600_000;
const LIMIT_MS = 30_000;
const LOOK_EVERY_MS = 1;

async function measure(rounds: number, folder: string): Promise<readonly Round[]> {
  // A copy, because the pages of this very process cannot be taken from it.
  const node = join(folder, "node");
  copyFileSync(process.execPath, node);
  const empty = join(folder, "empty.cjs");
  writeFileSync(empty, "");
  execFileSync("sync", [node]);
  const runEmpty = (): Times => {
    const startedMs = performance.now();
    execFileSync(node, [empty]);
    return { endMs: performance.now() - startedMs };
  };

  await using acker = await startAcker([TOKEN]);
  const path = join(folder, "notify");
  using notified = listenForNotifications(path);
  const start = { folder, port: acker.port, token: TOKEN, intervalMs: INTERVAL_MS };
  const runPipit = await preparePipit({ ...start, env: { NOTIFY_SOCKET: path } });
  const untilReady = async (signal: AbortSignal) => {
    while (!notified.received().some((text) => text.split("\n").includes("READY=1")))
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    return performance.now();
  };
  const startPipit = async (): Promise<Times> => {
    const startedMs = performance.now();
    await using pipit = runPipit();
    using given = abortedAtEnd();
    const both = Promise.all([untilReady(given.signal), acker.next(TOKEN, LIMIT_MS)]);
    const [readyAtMs, { atMs }] = await Promise.race([both, pipit.failure()]);
    const code = await pipit.end();
    if (code !== 0) throw new Error(`pipit has ended with ${code}`);
    notified.received(); // what it said at its end
    return { readyMs: readyAtMs - startedMs, acknowledgedMs: atMs - startedMs };
  };

  const measured: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    forget(node);
    const emptyNode = { cold: runEmpty(), warm: runEmpty() };
    forget(executable);
    const pipit = { cold: await startPipit(), warm: await startPipit() };
    measured.push({ emptyNode, pipit });
  }
  return measured;
}

/** Nobody waits any more for what has not come. */
function abortedAtEnd(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort() };
}

await benchProgram("start", "over the budget", async (folder) => {
  await untilCalm(say);
  const rounds = await measure(options.short ? 3 : 15, folder);
  const lines = judgeStarts(rounds);
  return {
    result: { rounds, lines },
    table: `${rounds.length} starts each\n${startTable(lines)}`,
    broken: lines.filter(({ kept }) => !kept).map(({ what }) => what),
  };
});
