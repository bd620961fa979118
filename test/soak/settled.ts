import { type Course, settledCycleAt } from "./course.ts";

/** One look at the agent, from outside. */
export interface Look {
  /** Since the beginning. */
  readonly atMs: number;
  readonly rssAnonMb: number;
  readonly rssMb: number;
  /** After a collection, of the board that runs the bundle on Node. */
  readonly heapMb: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly cpuMs: number;
  /** Changes when a child has ended. */
  readonly childFaults: number;
  readonly children: number;
  /** Readings that the agent has accepted, and that are not on the server. */
  readonly backlog: number;
}

/** The medians of the looks at the end of a cycle. */
export interface Settled {
  readonly cycle: number;
  readonly rssAnonMb: number;
  readonly rssMb: number;
  readonly heapMb: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly cpuMsPerReport: number;
  readonly backlog: number;
}

/** Of every cycle but the first, the warm-up. A cycle with less than two looks at its end has none. */
export function settledOf(
  course: Course,
  looks: readonly Look[],
  intervalMs: number,
): readonly Settled[] {
  const byCycle = Map.groupBy(looks, ({ atMs }) => settledCycleAt(course, atMs));
  return Array.from({ length: course.cycles - 1 }, (_, index) => index + 1).flatMap((cycle) => {
    const group = byCycle.get(cycle) ?? [];
    const [first, last] = [group[0], group.at(-1)];
    if (first === undefined || last === undefined || first === last) return [];
    const middle = (of: (look: Look) => number) => median(group.map(of));
    return {
      cycle,
      rssAnonMb: middle(({ rssAnonMb }) => rssAnonMb),
      rssMb: middle(({ rssMb }) => rssMb),
      heapMb: middle(({ heapMb }) => heapMb),
      descriptors: middle(({ descriptors }) => descriptors),
      threads: middle(({ threads }) => threads),
      cpuMsPerReport: (last.cpuMs - first.cpuMs) / ((last.atMs - first.atMs) / intervalMs),
      backlog: middle(({ backlog }) => backlog),
    };
  });
}

/** Whether a child of the agent ran at any look after the warm-up, or has ended between two of them. */
export function hadChildren(course: Course, looks: readonly Look[]): boolean {
  const window = looks.filter(({ atMs }) => atMs >= course.cycleMs);
  const faults = new Set(window.map(({ childFaults }) => childFaults));
  return faults.size > 1 || window.some(({ children }) => children > 0);
}

/** The lower of two that are in the middle: counts stay counts. */
const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
