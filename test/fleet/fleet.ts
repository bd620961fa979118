/**
 * npm run fleet [-- [--boards 10000] [--interval 60s] [--soak MINUTES] [--limit TIMES] [--seed N] [--plot FILE] [--json]]
 * npm run fleet -- --real [--boards N] [--minutes 2] [--server coap://HOST:PORT --key K --secret S] [--interval 60s] …
 *
 * Boards in one process, each with the agent's own core, a journal and credentials: a network in memory, the sandbox, virtual time;
 * or real sockets and real time. With more than 20,000 boards only the rules of when they ask are run. Exits 1 when a limit is broken, 64
 * for an option that is wrong, 69 where there are too few open files. docs/fleet.md
 */
import { readFileSync, writeFileSync } from "node:fs";
import { headLine } from "./chapters.ts";
import { DARK_S, runCourse } from "./course.ts";
import { tooFewFiles } from "./descriptors.ts";
import { type FleetOptions, MOST_WHOLE_BOARDS, parseFleetOptions } from "./fleet-options.ts";
import { heapBytes } from "./heap.ts";
import { plot } from "./plot.ts";
import { runRealCourse } from "./real-course.ts";
import { openRealSite } from "./real-site.ts";
import { rulesAlone } from "./rules-alone.ts";
import type { Site } from "./site.ts";
import { inWords, judge, judgeReal, type Line } from "./verdict.ts";
import { openSite } from "./virtual-site.ts";

const options = optionsOrExit();
const { boards, intervalMs, seed, mode } = options;
const say = (text: string) => void (options.json || process.stdout.write(`${text}\n`));
const isKept = await run();
process.exit(isKept ? 0 : 1); // boards that are still switched on would go on for ever

function optionsOrExit(): FleetOptions {
  try {
    return parseFleetOptions(process.argv.slice(2));
  } catch (error) {
    return end(64, error instanceof Error ? error.message : String(error));
  }
}

function end(code: number, why: string): never {
  process.stderr.write(`fleet: ${why}\n`);
  process.exit(code);
}

/** True: nothing is broken. */
async function run(): Promise<boolean> {
  if (mode.time === "real") return onSockets(mode);
  return boards > MOST_WHOLE_BOARDS ? rulesAlone(options, say) : inMemory(mode);
}

async function inMemory(times: { soakMinutes: number; limitTimes: number }): Promise<boolean> {
  begin("virtual time");
  const site = await openSite({ boards, intervalMs, seed });
  const course = await runCourse(site, { ...times, say, heapBytes });
  return tell(site, course, judge(course));
}

async function onSockets({ minutes, server }: FleetOptions["mode"] & { time: "real" }) {
  const few = tooFewFiles(readFileSync("/proc/self/limits", "utf8"), boards);
  if (few !== null) end(69, few);
  begin(
    server === null
      ? "real sockets, the sandbox"
      : `real sockets, ${server.host}:${server.port}; only what the boards know is counted`,
  );
  await using site = await openRealSite({ boards, intervalMs, seed, server });
  const course = await runRealCourse(site, { steadyS: minutes * 60, darkS: DARK_S, say });
  return tell(site, course, judgeReal(course.chapters, course.balance));
}

function begin(where: string): void {
  say(`${boards} boards, one report every ${intervalMs / 1_000} s, seed ${seed}; ${where}`);
  say(headLine);
}

function tell(
  site: Site,
  course: Awaited<ReturnType<typeof runRealCourse>>,
  lines: readonly Line[],
): boolean {
  const { accepted, stored, waiting, dropped } = course.balance;
  const megabytes = Math.round(process.memoryUsage().rss / 1e6);
  const known = stored === null ? "" : `, ${stored} stored`;
  say(
    `${accepted} samples accepted${known}, ${waiting} waiting, ${dropped} given up; ${Math.round(process.uptime())} s, ${megabytes} MB`,
  );
  for (const line of lines) say(inWords(line));
  if (options.json) process.stdout.write(`${JSON.stringify({ boards, seed, ...course, lines })}\n`);
  if (options.plot !== null)
    writeFileSync(options.plot, plot(site.arrivals.seconds, course.chapters, boards));
  return lines.every(({ kept }) => kept);
}
