import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { fullRun, judge } from "../../bench/budget.ts";
import { plotsOf } from "../../bench/page-plots.ts";
import { type PeerName, peerLines, peerNames } from "../../bench/peers-table.ts";
import { performancePage } from "../../bench/performance-page.ts";
import { type AllFound, note, resultsIn } from "../../bench/results.ts";
import { judgeStarts } from "../../bench/start-table.ts";
import type { WireResult } from "../../bench/wire-table.ts";

const course = { reports: 12, intervalMs: 10_000 };
const memory = { rssAnonMb: 19, rssMb: 61, pssMb: null };
const small = { rssAnonMb: 0.1, rssMb: 1.6, pssMb: null };

function cpu() {
  const figures = (cpuMsPerReport: number) => ({
    ...{ cpuMsPerReport, bytesPerReport: 218, hadChildren: false },
  });
  const windows = [2, 2.2, 2.1].map((ms) => ({ pipit: figures(ms), floor: figures(0.3) }));
  const both = { pipit: memory, floor: small };
  return { run: fullRun, windows, memory: both, lines: judge(fullRun, windows, both) };
}

const costs: Readonly<Record<PeerName, number>> = {
  ...{ floor: 0.3, pipit: 2, collectd: 1.5, exporter: 2.02 },
  ...{ coapthon: 3, aiocoap: 1.4, python: 0.6, shell: 18, usual: 61 },
};

function peers() {
  const each = <T>(of: (name: PeerName) => T) =>
    Object.fromEntries(peerNames.map((name) => [name, of(name)])) as Record<PeerName, T>;
  const window = (factor: number) =>
    each((name) => ({
      cpuMs: name === "pipit" ? costs.pipit : costs[name] * factor,
      ...{ bytes: 250, hadChildren: name === "shell" },
      writtenBytes: name === "pipit" ? 10_650 : 0,
    }));
  const measured = {
    windows: [window(1), window(1.05), window(0.95)],
    memory: each((name) => (name === "pipit" || name === "usual" ? memory : small)),
  };
  return { run: course, ...measured, lines: peerLines(measured) };
}

function wire(): WireResult {
  const json = { jsonBytes: 244, messageBytes: 296 };
  const coap = { cpuMs: 1, up: 324, down: 40, ...json };
  const coaps = { cpuMs: 1.5, up: 361, down: 77, ...json };
  const mqtts = { cpuMs: 2, up: 400, down: 78, ...json };
  const flow = (bytes: number) => ({ bytes, packets: 3 });
  return {
    windows: [{ floor: coap, pipitCoap: coap, pipitCoaps: coaps, coap, coaps, mqtts }],
    setUps: {
      full: { up: flow(619), down: flow(1027) },
      resumed: { up: flow(630), down: flow(187) },
      mqtts: { up: flow(888), down: flow(1682) },
    },
    handshakeCpu: { full: { ms: 4.2, noise: 0.1 }, resumed: { ms: 1.1, noise: 0.2 } },
    withCpu: true,
  };
}

function found(change: Partial<AllFound> = {}): AllFound {
  const starts = { endMs: 30, readyMs: 150, acknowledgedMs: 160 };
  const cold = { endMs: 130, readyMs: 250, acknowledgedMs: 260 };
  const rounds = [{ emptyNode: { cold, warm: starts }, pipit: { cold, warm: starts } }];
  const points = [0, 1, 10, 100].map((at) => ({
    ...{ at, cpuMs: 2 + at / 10, ratio: 1 + at / 20, noise: 0.02 },
  }));
  const noise = { rate: 0.01, cpu: 0.05 };
  const drained = { roundTripMs: 50, messagesPerSecond: 76, samplesPerSecond: 304, noise };
  return {
    machine: {
      result: {
        ...{ cpu: "AMD EPYC", cores: 2, memoryGb: 25, kernel: "6.18.5", architecture: "x64" },
        ...{ node: "v26.10.0", commit: "abc1234", date: "2026-11-30", isShort: false },
      },
    },
    cpu: { result: cpu() },
    start: { result: { rounds, lines: judgeStarts(rounds) } },
    peers: { result: peers() },
    growth: { result: [{ of: "sensors", share: 0.08, points }] },
    drain: {
      result: { places: 4, mostPerSecond: 200, points: [{ ...drained, cpuMsPerSample: 0.2 }] },
    },
    wire: { result: wire() },
    ...change,
  };
}

it("says where, when and of what the figures are", () => {
  const page = performancePage(found());
  expect(page).toContain("- processor: AMD EPYC, 2 cores, 25 GB of memory\n");
  expect(page).toContain("- commit: abc1234\n");
  expect(page).not.toMatch(/NaN|undefined|null|Infinity|Not measured|short form/);
});

it("names everybody that Pipit is behind, with the ratio, and nobody else", () => {
  const page = performancePage(found());
  const said = (what: string) => new RegExp(`^- in ${what}: (.*)[.]$`, "m").exec(page)?.[1];
  expect(said("CPU")).toBe(
    "C floor (6.67 x); collectd, network plug-in (1.33 x); Python, aiocoap (1.43 x); Python, bare socket (3.33 x)",
  );
  expect(said("RssAnon")).toContain("Python, CoAPthon3 (190 x)");
  expect(said("RSS")).toContain("C floor (38.1 x)");
  expect(said("RSS")).not.toContain("Node,");
  expect(page).toContain("| node exporter, scraped | level, 1.01 x |");
  expect(page).toContain("| shell loop, coap-client | ahead, 9.00 x |");
});

it("says which script is ahead of Pipit, and keeps the yardsticks apart", () => {
  expect(performancePage(found())).toContain("run on Node none takes less CPU than Pipit.\n");
  const { peers } = found();
  if (!("result" in peers)) throw new Error("no peers");
  const lines = peers.result.lines.map((line) =>
    line.name === "shell" ? { ...line, toPipit: 0.9 } : line,
  );
  const page = performancePage(found({ peers: { result: { ...peers.result, lines } } }));
  expect(page).toContain("**take less CPU than Pipit: shell loop, coap-client**");
  const [contenders = "", yardsticks = ""] = page.split("And against the yardsticks");
  expect(contenders).not.toMatch(/Python, aiocoap \| \*\*behind/);
  expect(yardsticks).toMatch(/^\| Python, aiocoap \| \*\*behind\*\*, 1\.43 x \|/m);
});

it("says of each what a power-cut-safe sample writes", () => {
  const rows = performancePage(found()).split("\n");
  const safe = rows.filter((row) => /\| (none|10650) \|$/.test(row));
  expect(safe.map((row) => row.split(" | ").at(-1))).toEqual(
    peerNames.map((name) => (name === "pipit" ? "10650 |" : "none |")),
  );
});

it("marks what is broken", () => {
  const slow = { roundTripMs: 50, messagesPerSecond: 40, samplesPerSecond: 160 };
  const points = [{ ...slow, cpuMsPerSample: 0.2, noise: { rate: 0, cpu: 0 } }];
  const steps = [2, 9, 2.2].map((cpuMs, at) => ({ at, cpuMs, ratio: cpuMs / 2, noise: 0 }));
  const page = performancePage(
    found({
      drain: { result: { places: 4, mostPerSecond: 200, points } },
      growth: { result: [{ of: "sensors", share: 0, points: steps }] },
    }),
  );
  expect(page).toContain("**broken**: 40.0 messages/s at a round trip of 50 ms");
  expect(page).toContain("**A cliff**: 9.00 ms a report with 1 sensors.");
});

it("says what a cliff would have been", () => {
  expect(performancePage(found())).toContain(
    "No point costs more than 2 x the first of its curve (sensors: and 8 % of that more for each), or 2 x the straight line",
  );
});

it("names what was not measured, and why, and shows no picture of it", () => {
  const why = { notMeasured: "that takes network namespaces,\nand so root" };
  const page = performancePage(found({ wire: why }));
  expect(page).toContain(
    "## Bytes on the wire\n\n**Not measured**: that takes network namespaces, and so root.\n",
  );
  expect(page).not.toContain("wire.svg");
  expect(Object.keys(plotsOf(found({ wire: why })))).not.toContain("wire.svg");
});

it("is not written where nothing was measured", () => {
  const not = { notMeasured: "busy" };
  const nothing = { cpu: not, start: not, peers: not, growth: not, drain: not, wire: not };
  expect(() => performancePage(found(nothing))).toThrow("no part of the benchmark has a result");
  expect(() => performancePage(found({ machine: not }))).toThrow("no machine: busy");
});

it("shows every picture that is drawn, and draws every one that it shows", () => {
  const all = found();
  const shown = [...performancePage(all).matchAll(/\]\(performance\/([^)]+)\)/g)].map(
    ([, name]) => name,
  );
  expect(shown.toSorted()).toEqual(Object.keys(plotsOf(all)).toSorted());
  for (const svg of Object.values(plotsOf(all))) expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});

it("says so when the figures are of a short form", () => {
  const { machine } = found();
  if (!("result" in machine)) throw new Error("no machine");
  const short = { result: { ...machine.result, isShort: true } };
  expect(performancePage(found({ machine: short }))).toContain("of a short form");
});

it("takes the last of what a part has noted, and knows which part has not run", () => {
  const folder = mkdtempSync(join(tmpdir(), "results-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "results.jsonl");
  note(file, "cpu", { notMeasured: "busy" });
  note(file, "growth", { result: [] });
  note(file, "cpu", { result: cpu() });
  note(file, "growth", { notMeasured: "busy" });
  expect(resultsIn(file)).toMatchObject({
    cpu: { result: { run: { reports: 12 } } },
    growth: { notMeasured: "busy" },
    wire: { notMeasured: "this part was not run" },
  });
});
