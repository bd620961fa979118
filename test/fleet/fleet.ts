/**
 * npm run fleet [-- [--boards 10000] [--interval 60s] [--soak MINUTES] [--seed N] [--plot FILE] [--json]]
 *
 * Boards in one process, each with the agent's own core, a journal and credentials: a network in memory, the sandbox, virtual time.
 * A whole site is switched on, loses its power, its server; then a soak. From 20,000 boards on only the rules of when they ask are
 * run. Exits 1 when a limit is broken. docs/fleet.md
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { bootSplayMs } from "../../agent/device/splay.ts";
import { memoryHost } from "../support/memory-host.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { headLine, runCourse } from "./course.ts";
import { plot } from "./plot.ts";
import { schedule } from "./scheduling.ts";
import { openSite } from "./site.ts";
import { judge } from "./verdict.ts";

/** More take more memory than a machine for development has: 0.4 MB a board. */
const MOST_WHOLE_BOARDS = 20_000;

const { values: options } = parseArgs({
  options: {
    boards: { type: "string", default: "10000" },
    interval: { type: "string", default: "60s" },
    soak: { type: "string", default: "10" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    plot: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

function positive(name: "boards" | "interval" | "soak" | "seed", unit = ""): number {
  const text = options[name];
  const number = new RegExp(`^(\\d{1,9})${unit}$`).exec(text)?.[1];
  const mayBeNone = name === "soak" || name === "seed";
  if (number !== undefined && (Number(number) > 0 || mayBeNone)) return Number(number);
  process.stderr.write(
    `fleet: --${name} takes a whole number${unit && ` and "${unit}"`}, not "${text}"\n`,
  );
  process.exit(64);
}

const boards = positive("boards");
const intervalMs = positive("interval", "s") * 1_000;
const soakMinutes = positive("soak");
const seed = positive("seed");
const say = (text: string) => void (options.json || process.stdout.write(`${text}\n`));

/** @throws where Node was not started with --expose-gc */
function heapBytes(): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("start it by npm run fleet: it wants --expose-gc");
  gc();
  gc(); // what the first one has found to be held by nobody
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** True: nothing is broken. */
async function wholeBoards(): Promise<boolean> {
  const startedMs = performance.now();
  say(`${boards} boards, one report every ${intervalMs / 1_000} s, seed ${seed}; virtual time`);
  say(headLine);
  const site = await openSite({ boards, intervalMs, seed });
  const course = await runCourse(site, { soakMinutes, say, heapBytes });
  const lines = judge(course);
  const { accepted, stored, waiting } = course.balance;
  const took = Math.round((performance.now() - startedMs) / 1_000);
  const megabytes = Math.round(process.memoryUsage().rss / 1e6);
  say(
    `${accepted} samples accepted, ${stored} stored, ${waiting} waiting; ${took} s, ${megabytes} MB`,
  );
  for (const { what, found, limit, kept } of lines)
    say(`${kept ? "kept  " : "BROKEN"}  ${what}: ${found}, at most ${limit}`);
  if (options.json) process.stdout.write(`${JSON.stringify({ boards, seed, ...course, lines })}\n`);
  if (options.plot !== undefined)
    writeFileSync(options.plot, plot(site.arrivals.seconds, course.chapters, boards));
  return lines.every(({ kept }) => kept);
}

async function rulesAlone(): Promise<boolean> {
  const host = memoryHost({ "/proc/uptime": "20.00 1.00\n" });
  const splay = await bootSplayMs(host, "tb.example");
  const { fraction } = seededRandom(seed);
  const found = Object.entries(splay).map(([what, splayMs]) => ({
    what: `first request, ${what}, within ${splayMs / 1_000} s`,
    ...schedule({ boards, intervalMs, splayMs, fraction }),
  }));
  say(
    `${boards} boards, one report every ${intervalMs / 1_000} s, seed ${seed}; when they ask, alone`,
  );
  const rows = [
    ...found.map(({ what, first }) => ({ what, span: first })),
    { what: "reports of one interval", span: found[0]?.steady },
  ];
  for (const { what, span } of rows)
    if (span !== undefined)
      say(
        `${what.padEnd(48)} mean ${span.meanPerSecond.toFixed(0)}/s, peak ${span.peakPerSecond}/s, ratio ${(span.peakPerSecond / span.meanPerSecond).toFixed(2)}`,
      );
  if (options.json) process.stdout.write(`${JSON.stringify({ boards, seed, rows })}\n`);
  return rows.every(({ span }) => span && span.peakPerSecond <= 3 * span.meanPerSecond);
}

const isKept = boards > MOST_WHOLE_BOARDS ? await rulesAlone() : await wholeBoards();
process.exit(isKept ? 0 : 1); // boards that are still switched on would go on for ever
