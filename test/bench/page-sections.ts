import { type CpuResult, cpuRatio } from "./budget.ts";
import { type DrainResult, LEAST_SHARE, possible, shareOf, tooSlow } from "./drain-table.ts";
import { CLIFF, type Curve, cliffs } from "./growth-table.ts";
import type { Machine } from "./machine.ts";
import { markdownTable, megabytes, milliseconds, times } from "./markdown.ts";
import { notBehind, type PeerResult, peerLabels, safeBytesOf, YARDSTICKS } from "./peers-table.ts";
import { behindWhom, inWords, standings } from "./standing.ts";
import type { StartResult } from "./start-table.ts";
import { noiseOf, plusMinus } from "./statistics.ts";

const course = (run: { readonly reports: number; readonly intervalMs: number }, windows: number) =>
  `${windows} ${windows === 1 ? "window" : "windows"} of ${run.reports} reports, one every ${run.intervalMs / 1_000} s`;
const verdict = (kept: boolean) => (kept ? "kept" : "**broken**");

export const machineSection = (machine: Machine): string =>
  [
    `processor: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB of memory`,
    `kernel: Linux ${machine.kernel}, ${machine.architecture}`,
    `Node: ${machine.node}`,
    `commit: ${machine.commit ?? "unknown"}`,
    `date: ${machine.date}`,
  ]
    .map((line) => `- ${line}`)
    .join("\n");

export function cpuSection({ run, windows, lines }: CpuResult): string {
  const rows = lines.map(({ what, pipit, floor, ratio, limit, kept }) => [
    ...[what, pipit, floor, ratio === null ? "" : times(ratio), limit ?? ""],
    limit === null ? "" : verdict(kept),
  ]);
  return `${course(run, windows.length)}. Noise of the ratio: ${plusMinus(noiseOf(windows.map(cpuRatio)))}.

${markdownTable(["", "pipit", "C floor", "ratio", "limit", ""], rows)}`;
}

export function peersSection({ run, windows, lines }: PeerResult): string {
  const figures = lines.map((line) => [
    ...[peerLabels[line.name], milliseconds(line.cpuMs), times(line.toFloor), times(line.toPipit)],
    ...[plusMinus(line.noise), line.hadChildren ? "yes" : "no"],
    ...[megabytes(line.memory.rssAnonMb), megabytes(line.memory.rssMb)],
    ...[`${line.bytes.toFixed(0)} B`, safeBytesOf(line)],
  ]);
  const all = standings(lines);
  const [contenders, yardsticks] = [false, true].map((isYardstick) =>
    markdownTable(
      ["Pipit is", "CPU", "RssAnon", "RSS"],
      all
        .filter(({ name }) => YARDSTICKS.includes(name) === isYardstick)
        .map(({ label, cpu, rssAnon, rss }) => [label, ...[cpu, rssAnon, rss].map(inWords)]),
    ),
  );
  const missed = notBehind(lines);
  const head = ["", "CPU", "x C floor", "x pipit", "noise", "children", "RssAnon", "RSS", "sent"];
  return `${course(run, windows.length)}, all at the same time. CPU is for a report, with its children; *noise* is that of the ratio to Pipit; the
last column is bytes to storage for a sample that a power cut leaves.

${markdownTable([...head, "safe sample, B"], figures)}

![CPU for a report](performance/cpu.svg)

![memory](performance/memory.svg)

Of the contenders that are scripts or run on Node ${missed.length === 0 ? "none takes less CPU than Pipit" : `**take less CPU than Pipit: ${missed.join("; ")}**`}.
Pipit against each contender, *level* where the noise is larger than the difference:

${contenders}

And against the yardsticks. They were written for this benchmark, to find out how little a report can take in C and in Python. They have no
queue, no provisioning and nothing on the disk:

${yardsticks}

**Pipit is behind**

- in CPU: ${behindWhom(all, "cpu")}.
- in RssAnon: ${behindWhom(all, "rssAnon")}.
- in RSS: ${behindWhom(all, "rss")}.`;
}

export function startSection({ rounds, lines }: StartResult): string {
  const rows = lines.map((line) => [
    ...[line.what, milliseconds(line.coldMs), times(line.coldRatio.value)],
    ...[plusMinus(line.coldRatio.noise), milliseconds(line.warmMs), times(line.warmRatio.value)],
    plusMinus(line.warmRatio.noise),
    line.limitMs === null ? "" : `${milliseconds(line.limitMs)}, warm: ${verdict(line.kept)}`,
  ]);
  const head = ["", "cold", "x empty Node", "noise", "warm", "x empty Node", "noise", "limit"];
  return `${rounds.length} starts of each, medians; *noise* is that of the ratio.

${markdownTable(head, rows)}

![start](performance/start.svg)`;
}

export function growthSection(curves: readonly Curve[]): string {
  const broken = cliffs(curves);
  const tables = curves.map(({ of, points }, index) => {
    const rows = points.map(({ at, cpuMs, ratio, noise }) => [
      ...[at.toLocaleString("en-GB"), milliseconds(cpuMs), times(ratio), plusMinus(noise)],
    ]);
    return `${markdownTable([of, "CPU for a report", "x the first", "noise"], rows)}

![CPU for a report by ${of}](performance/growth-${index + 1}.svg)`;
  });
  const rising = curves
    .filter(({ share }) => share > 0)
    .map(({ of, share }) => ` (${of}: and ${(100 * share).toFixed(0)} % of that more for each)`);
  const said =
    broken.length === 0
      ? `No point costs more than ${CLIFF} x the first of its curve${rising.join("")}, or ${CLIFF} x the straight line between the ends: there is no cliff.`
      : `**A cliff**: ${broken.join("; ")}.`;
  return `${said}

${tables.join("\n\n")}`;
}

export function drainSection(result: DrainResult): string {
  const rows = result.points.map((point) => [
    ...[`${point.roundTripMs} ms`, point.messagesPerSecond.toFixed(1)],
    ...[
      possible(result, point.roundTripMs).toFixed(0),
      `${(100 * shareOf(result, point)).toFixed(0)} %`,
    ],
    ...[point.samplesPerSecond.toFixed(0), plusMinus(point.noise.rate)],
    ...[milliseconds(point.cpuMsPerSample), plusMinus(point.noise.cpu)],
  ]);
  const broken = tooSlow(result);
  const head = ["round trip", "messages/s", "possible", "share", "samples/s", "noise"];
  return `Possible are ${result.places} messages in a round trip, ${result.mostPerSecond} a second at most. The limit is a share of ${100 * LEAST_SHARE} %: ${broken.length === 0 ? "kept" : `**broken**: ${broken.join("; ")}`}.

${markdownTable([...head, "CPU for a sample", "noise"], rows)}

![messages a second by round trip](performance/drain.svg)`;
}
