import { readdirSync, readFileSync } from "node:fs";
import { memoryOf, usageOf } from "../bench/usage.ts";

/** A process as the kernel sees it. */
export interface Look {
  /** Seconds since the start of the run. */
  readonly atS: number;
  readonly weather: string;
  readonly reports: number;
  readonly cpuMs: number;
  readonly rssAnonMb: number;
  readonly rssMb: number;
  /** Pages that V8 has for its heap: it maps them apart from all others, 256 KiB at a time. */
  readonly heapMb: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly children: number;
}

const V8_PAGE_BYTES = 256 * 1024;

export function lookAt(pid: number): Omit<Look, "atS" | "weather" | "reports"> {
  const { cpuMs, children } = usageOf(pid);
  const { rssAnonMb, rssMb } = memoryOf(pid);
  return {
    ...{ cpuMs, children, rssAnonMb, rssMb },
    heapMb: v8Bytes(readFileSync(`/proc/${pid}/smaps`, "utf8")) / 1e6,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}

/** Of the mappings without a name that begin where V8's pages do: what of them is in memory (man 5 proc_pid_smaps). */
export function v8Bytes(smaps: string): number {
  let total = 0;
  let isPage = false;
  for (const line of smaps.split("\n")) {
    // "71ed800000-71ed840000 rw-p 00000000 00:00 0 "
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0 *$/.exec(line) ?? [];
    if (from !== undefined && to !== undefined) {
      const bytes = Number.parseInt(to, 16) - Number.parseInt(from, 16);
      isPage = Number.parseInt(from, 16) % V8_PAGE_BYTES === 0 && bytes % V8_PAGE_BYTES === 0;
    } else if (/^[0-9a-f]+-/.test(line)) isPage = false;
    else if (isPage) total += 1024 * Number(/^Anonymous: +(\d+) kB$/.exec(line)?.[1] ?? 0);
  }
  if (total === 0) throw new Error("no page of V8 is recognised in /proc/PID/smaps");
  return total;
}
