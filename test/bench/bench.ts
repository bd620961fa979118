/**
 * npm run bench [-- --short] [--cpu | --start | --peers | --growth | --drain | --wire] [--json] [--install] [--results FILE]
 *
 * Six parts, each a program of its own: cpu.ts, what a report costs against a C program, start.ts, how long a start takes, peers.ts,
 * what a report costs others, growth.ts, how its cost grows, drain.ts, how fast a backlog leaves, and wire.ts, what it costs by coap://,
 * coaps:// and MQTT over TLS. Each can be run alone. All of them together write docs/performance.md (page.ts); --short
 * writes nothing, leaves growth and drain out, and of the peers that Pipit must be ahead of has those that need nothing from PyPI. --results keeps what a part has found
 * for page.ts. Exits 1 when a part has failed, 2 when one could not be measured. docs/benchmark.md
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect, parseArgs } from "node:util";
import { buildPipit, onNode } from "./contenders.ts";
import { thisMachine } from "./machine.ts";
import { note, type Part } from "./results.ts";
import {
  compiler,
  gateTools,
  networkTools,
  peerTools,
  provide,
  providePythonLibraries,
} from "./tools.ts";

const { values: options } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    cpu: { type: "boolean", default: false },
    start: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    growth: { type: "boolean", default: false },
    drain: { type: "boolean", default: false },
    wire: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    install: { type: "boolean", default: false },
    results: { type: "string" },
  },
});
const { short, cpu, start, peers, growth, drain, wire, json, install } = options;
const isWhole = !cpu && !start && !peers && !growth && !drain && !wire;

const root = join(import.meta.dirname, "../..");
const say = (text: string) => process.stderr.write(`bench: ${text}\n`);
const NOT_MEASURED = 2;
const results = options.results ?? (isWhole && !short ? newResults() : null);

function newResults(): string {
  mkdirSync(join(root, ".bench"), { recursive: true });
  const file = join(root, ".bench/results.jsonl");
  writeFileSync(file, "");
  return file;
}

/** Its exit code. A part that cannot be measured does not keep the others from it. */
function part(name: Part, command: readonly string[], prepare: () => void = () => {}): number {
  try {
    prepare();
  } catch (error) {
    return leftOut(name, error instanceof Error ? error.message : inspect(error));
  }
  const [program = "", ...args] = command;
  const form = [...(short ? ["--short"] : []), ...(json ? ["--json"] : [])];
  const given = results === null ? form : [...form, "--results", results];
  const { status, error } = spawnSync(program, [...args, ...given], { stdio: "inherit" });
  if (error) throw error;
  return status ?? leftOut(name, "it was ended by a signal");
}

function leftOut(name: Part, why: string): number {
  say(`${name} is not measured: ${why}`);
  if (results !== null) note(results, name, { notMeasured: why });
  return NOT_MEASURED;
}

const aReport = () => part("cpu", onNode("cpu.ts"), () => provide(install, compiler));

function besideOthers(): number {
  const isGate = isWhole && short;
  return part("peers", onNode("peers.ts", ...(isGate ? ["--gate"] : [])), () => {
    provide(install, [...compiler, ...(isGate ? gateTools : peerTools)]);
    if (!isGate) providePythonLibraries(install);
  });
}

function bytesOnTheWire(): number {
  if (process.getuid?.() !== 0) {
    const code = leftOut("wire", "that takes network namespaces, and so root");
    return wire ? code : 0;
  }
  return part("wire", ["unshare", "--net", ...onNode("wire.ts")], () =>
    provide(install, short ? networkTools : [...compiler, ...networkTools]),
  );
}

/** Writes docs/performance.md and its plots. */
function page(): number {
  if (results === null) return 0;
  const [program = "", ...args] = onNode("page.ts", results, join(root, "docs"));
  const { status, error } = spawnSync(program, args, { stdio: "inherit" });
  if (error) throw error;
  return status ?? NOT_MEASURED;
}

try {
  buildPipit();
  if (results !== null) note(results, "machine", { result: thisMachine(short) });
  const codes = [
    ...(isWhole || cpu ? [aReport()] : []),
    ...(isWhole || start ? [part("start", onNode("start.ts"))] : []),
    ...(peers || isWhole ? [besideOthers()] : []),
    ...(growth || (isWhole && !short) ? [part("growth", onNode("growth.ts"))] : []),
    ...(drain || (isWhole && !short) ? [part("drain", onNode("drain.ts"))] : []),
    ...(isWhole || wire ? [bytesOnTheWire()] : []),
    ...(isWhole && !short ? [page()] : []),
  ];
  process.exitCode = codes.find((code) => code !== 0) ?? 0;
} catch (error) {
  say(`no result: ${error instanceof Error ? error.message : inspect(error)}`);
  process.exitCode = NOT_MEASURED;
}
