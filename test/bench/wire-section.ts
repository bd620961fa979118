import type { Flow } from "./links.ts";
import { markdownTable, milliseconds, times } from "./markdown.ts";
import { plusMinus } from "./statistics.ts";
import {
  bytesOf,
  figuresOf,
  impossibleIn,
  labels,
  names,
  overheadOf,
  type SetUps,
  setUpCpu,
  setUps,
  totalOf,
  type WireResult,
} from "./wire-table.ts";

const NOT_MEASURED = "not measured";

export function wireSection(result: WireResult): string {
  const rows = names.flatMap((name) => {
    const found = figuresOf(result, name);
    if (found === null) return [];
    const { figures, ratio, noise } = found;
    const sizes = [figures.up, figures.down, totalOf(figures), overheadOf(figures)];
    const cpu = result.withCpu
      ? [milliseconds(figures.cpuMs), times(ratio), plusMinus(noise)]
      : [NOT_MEASURED, "", ""];
    return [[labels[name], ...sizes.map((size) => size.toFixed(0)), ...cpu]];
  });
  const sessions = (Object.keys(setUps) as (keyof SetUps)[]).map((name) => {
    const { up, down } = result.setUps[name];
    const packets = (flow: Flow) => String(flow.packets);
    const cpu = setUpCpu(result, name);
    return [
      ...[setUps[name], String(up.bytes), String(down.bytes), String(bytesOf(result.setUps[name]))],
      `${packets(up)} + ${packets(down)}`,
      ...(cpu ? [milliseconds(cpu.ms), plusMinus(cpu.noise)] : [NOT_MEASURED, ""]),
    ];
  });
  const impossible = impossibleIn(result);
  const wrong = impossible.length === 0 ? "" : `\n\n**Impossible**: ${impossible.join("; ")}.`;
  return `Bytes of IP for a report. *Overhead* is what is not JSON.${wrong}

${markdownTable(["", "up", "down", "sum", "overhead", "CPU", "x C floor", "noise"], rows)}

![bytes of IP for a report](performance/wire.svg)

Bytes of IP for setting a session up, and the client's processor time for it:

${markdownTable(["", "up", "down", "sum", "packets", "CPU", "noise"], sessions)}

![bytes of IP for a session](performance/sessions.svg)`;
}
