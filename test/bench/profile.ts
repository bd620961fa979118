/**
 * npm run profile [-- [--reports 60] [--interval 1s] [--output FOLDER]]
 *
 * Where the processor time of a report goes: the bundle on Node's own profiler, default settings, against the benchmark's server.
 * Prints the dearest functions; writes a flame graph and the profile itself, which browsers' developer tools open. CONTRIBUTING.md
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nodeFlags } from "../../build/node-flags.ts";
import { startAcker } from "./acker.ts";
import { type Call, type CpuProfile, callTree, costs } from "./call-tree.ts";
import {
  buildPipit,
  executable,
  preparePipit,
  serviceEnvironment,
  startProgram,
} from "./contenders.ts";
import { flameGraph } from "./flame-graph.ts";

const dist = join(executable, "..");
const TOKEN = "profiledReportsToken";
/** The start, the inventory and the first deliveries are over. */
const WARM_UP_REPORTS = 10;
const SHOWN = 25;
/** Microseconds between two looks of the profiler. Closer ones would measure the profiler. */
const EVERY_US = 100;

const { values: options } = parseArgs({
  options: {
    reports: { type: "string", default: "60" },
    interval: { type: "string", default: "1s" },
    output: { type: "string", default: join(dist, "profile") },
  },
});

function positive(name: "reports" | "interval", unit = ""): number {
  const number = Number(new RegExp(`^(\\d{1,5})${unit}$`).exec(options[name])?.[1]);
  if (number > 0) return number;
  process.stderr.write(
    `profile: --${name} takes a whole number${unit && ` and "${unit}"`}, not "${options[name]}"\n`,
  );
  process.exit(64);
}

const reports = positive("reports");
const intervalMs = positive("interval", "s") * 1_000;

/** CLOCK_MONOTONIC in microseconds, as the profile counts. */
const nowUs = () => Number(process.hrtime.bigint() / 1_000n);

async function profiled(folder: string): Promise<Call> {
  await using acker = await startAcker([TOKEN]);
  await preparePipit({ folder, port: acker.port, token: TOKEN, intervalMs });
  const place = ["--config", join(folder, "pipit.toml"), "--state", join(folder, "state")];
  const profiler = ["--cpu-prof", `--cpu-prof-interval=${EVERY_US}`, `--cpu-prof-dir=${folder}`];
  const program = [process.execPath, ...nodeFlags, ...profiler, join(dist, "pipit.cjs")];
  await using agent = startProgram([...program, "run", ...place], serviceEnvironment());
  const pass = async (count: number) => {
    for (let report = 0; report < count; report++)
      await Promise.race([acker.next(TOKEN, 2 * intervalMs + 10_000), agent.failure()]);
    return nowUs();
  };
  const fromUs = await pass(WARM_UP_REPORTS);
  const toUs = await pass(reports);
  const code = await agent.end();
  const file = readdirSync(folder).find((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) throw new Error(`it has ended with ${code} and left no profile`);
  const text = readFileSync(join(folder, file), "utf8");
  writeFileSync(join(options.output, "reports.cpuprofile"), text);
  const profile: CpuProfile = JSON.parse(text);
  return callTree(profile, fromUs, toUs);
}

const perReport = (us: number) => `${(us / reports).toFixed(1)} µs`;

const folder = mkdtempSync(join(tmpdir(), "pipit-profile-"));
try {
  buildPipit();
  mkdirSync(options.output, { recursive: true });
  const root = await profiled(folder);
  writeFileSync(join(options.output, "report.svg"), flameGraph(root, perReport));
  const lines = costs(root)
    .slice(0, SHOWN)
    .map(({ name, selfUs }) => `${perReport(selfUs).padStart(12)}  ${name}`);
  process.stdout.write(
    `${reports} reports, the profiler's own cost included: ${perReport(root.totalUs)} each\n` +
      `${lines.join("\n")}\n${join(options.output, "report.svg")}, reports.cpuprofile\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
