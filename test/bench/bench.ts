/**
 * npm run bench [-- --short] [--start | --peers | --growth | --wire] [--json] [--install]
 *
 * Five parts, each a program of its own: cpu.ts, what a report costs against a C program, start.ts, how long a start takes, peers.ts,
 * what a report costs others, growth.ts, how its cost grows, and wire.ts, what it costs by coap://, coaps:// and MQTT over TLS. Each
 * but the first can be run alone. --short leaves peers and growth out. Exits 1 when a part has failed, 2 when one could not be measured.
 * docs/benchmark.md
 */
import { spawnSync } from "node:child_process";
import { inspect, parseArgs } from "node:util";
import { onNode } from "./contenders.ts";
import { compiler, networkTools, peerTools, provide } from "./tools.ts";

const { values: options } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    start: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    growth: { type: "boolean", default: false },
    wire: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    install: { type: "boolean", default: false },
  },
});
const { short, start, peers, growth, wire, json, install } = options;

const say = (text: string) => process.stderr.write(`bench: ${text}\n`);
const NOT_MEASURED = 2;

/** Its exit code. */
function part(command: readonly string[]): number {
  const [program = "", ...args] = command;
  const given = [...(short ? ["--short"] : []), ...(json ? ["--json"] : [])];
  const { status, error } = spawnSync(program, [...args, ...given], { stdio: "inherit" });
  if (error) throw error;
  return status ?? NOT_MEASURED;
}

function cpu(): number {
  provide(install, compiler);
  return part(onNode("cpu.ts"));
}

function besideOthers(): number {
  provide(install, [...compiler, ...peerTools]);
  return part(onNode("peers.ts"));
}

function bytesOnTheWire(): number {
  if (process.getuid?.() !== 0) {
    say("bytes on the wire are not measured: that takes network namespaces, and so root");
    return wire ? NOT_MEASURED : 0;
  }
  provide(install, short ? networkTools : [...compiler, ...networkTools]);
  return part(["unshare", "--net", ...onNode("wire.ts")]);
}

try {
  const isWhole = !start && !peers && !growth && !wire;
  const codes = [
    ...(isWhole ? [cpu()] : []),
    ...(isWhole || start ? [part(onNode("start.ts"))] : []),
    ...(peers || (isWhole && !short) ? [besideOthers()] : []),
    ...(growth || (isWhole && !short) ? [part(onNode("growth.ts"))] : []),
    ...(isWhole || wire ? [bytesOnTheWire()] : []),
  ];
  process.exitCode = codes.find((code) => code !== 0) ?? 0;
} catch (error) {
  say(`no result: ${error instanceof Error ? error.message : inspect(error)}`);
  process.exitCode = NOT_MEASURED;
}
