import { existsSync, readdirSync, readFileSync } from "node:fs";

export interface Usage {
  /** Processor time of all threads, and of the children that have ended. */
  readonly cpuMs: number;
  /** Changes when a child has ended: even /bin/true has page faults. */
  readonly childFaults: number;
  /** Children that run now. */
  readonly children: number;
}

export interface Memory {
  readonly rssAnonMb: number;
  readonly rssMb: number;
  /** Null where the kernel does not tell. */
  readonly pssMb: number | null;
}

/** Of one program in several processes: that of the one with most of its own. @throws Error: of none */
export function largest(all: readonly Memory[]): Memory {
  const [most] = all.toSorted((a, b) => b.rssAnonMb - a.rssAnonMb);
  if (!most) throw new Error("no memory was measured");
  return most;
}

/** USER_HZ, which is 100 on every architecture Linux has today (man 7 time). */
const MS_PER_TICK = 10;

/**
 * Processor time by /proc/PID/task/TID/schedstat, which counts nanoseconds; /proc/PID/stat counts ticks of 10 ms, more than
 * several reports cost.
 */
export function usageOf(pid: number): Usage {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ownNs = sum(
    // "159000941 222838 21\n": on the processor, waiting for it, times it got it
    threads.map((thread) => Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0])),
  );
  const field = statOf(pid);
  return {
    cpuMs: ownNs / 1e6 + (field(16) + field(17)) * MS_PER_TICK,
    childFaults: field(11) + field(13),
    children: childrenOf(pid),
  };
}

/** The numbers of man 5 proc_pid_stat. "1234 (pipit) S 1 …": the name may hold blanks, and after it comes field 3. */
function statOf(pid: number) {
  const fields = read(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
  return (number: number) => Number(fields[number - 3]);
}

/** By looking at everybody's parent: not every kernel has /proc/PID/task/TID/children. */
const childrenOf = (pid: number) =>
  readdirSync("/proc").filter((name) => /^\d+$/.test(name) && parentOf(Number(name)) === pid)
    .length;

function parentOf(pid: number): number | null {
  try {
    return statOf(pid)(4);
  } catch (error) {
    if (error instanceof Error && "code" in error && /^(ENOENT|ESRCH)$/.test(String(error.code)))
      return null; // ended since the folder was read
    throw error;
  }
}

export function memoryOf(pid: number): Memory {
  const status = read(`/proc/${pid}/status`);
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  return {
    rssAnonMb: megabytes(status, "RssAnon") ?? Number.NaN,
    rssMb: megabytes(status, "VmRSS") ?? Number.NaN,
    pssMb: megabytes(rollup, "Pss"),
  };
}

/**
 * To files on a disk, by its ended children too, synced or not (man 5 proc_pid_io). Null where the kernel does not tell; what is on a
 * file system in memory is not in it.
 */
export function writtenBy(pid: number): number | null {
  const path = `/proc/${pid}/io`;
  const [, bytes] = /^write_bytes: (\d+)$/m.exec(existsSync(path) ? read(path) : "") ?? [];
  return bytes === undefined ? null : Number(bytes);
}

/** "RssAnon:\t   15216 kB\n" counts in units of 1024 bytes; a megabyte is 1e6 of them. */
function megabytes(text: string, name: string): number | null {
  const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text) ?? [];
  return kilobytes === undefined ? null : (Number(kilobytes) * 1024) / 1e6;
}

const read = (path: string) => readFileSync(path, "utf8");
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
