/** What Node writes with --cpu-prof: the Profile of the Chrome DevTools protocol, times in microseconds of CLOCK_MONOTONIC. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly children?: readonly number[];
}

/** One function as it was called from one place, with whom it called. */
export interface Call {
  readonly name: string;
  /** Microseconds, without its own calls. */
  readonly selfUs: number;
  readonly totalUs: number;
  /** The dearest first. */
  readonly calls: readonly Call[];
}

/** Not work: the process slept. */
const IDLE = "(idle)";

/** The calls between two moments, in microseconds; the sum of all, without sleep, at the root. */
export function callTree(profile: CpuProfile, fromUs: number, toUs: number): Call {
  const selfUs = new Map<number, number>();
  let atUs = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    const deltaUs = profile.timeDeltas[index] ?? 0;
    atUs += deltaUs;
    if (atUs >= fromUs && atUs < toUs) selfUs.set(id, (selfUs.get(id) ?? 0) + deltaUs);
  }
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const callOf = (node: ProfileNode): Call => {
    const calls = (node.children ?? [])
      .flatMap((id) => byId.get(id) ?? [])
      .filter(({ callFrame }) => callFrame.functionName !== IDLE)
      .map(callOf)
      .filter(({ totalUs }) => totalUs > 0)
      .sort((a, b) => b.totalUs - a.totalUs);
    const own = selfUs.get(node.id) ?? 0;
    const totalUs = calls.reduce((total, call) => total + call.totalUs, own);
    return { name: nameOf(node), selfUs: own, totalUs, calls };
  };
  const [root] = profile.nodes;
  if (root === undefined) throw new Error("an empty profile");
  return callOf(root);
}

/** "takeOne", "readSync node:fs"; a function without a name by its place in the bundle. */
function nameOf({ callFrame }: ProfileNode): string {
  const { functionName, url, lineNumber, columnNumber } = callFrame;
  if (url.startsWith("node:")) return `${functionName || "(anonymous)"} ${url}`;
  return functionName || `(anonymous) ${lineNumber + 1}:${columnNumber + 1}`;
}

export interface FunctionCost {
  readonly name: string;
  readonly selfUs: number;
}

/** What each function itself takes, wherever it is called from; the dearest first. */
export function costs(root: Call): readonly FunctionCost[] {
  const selfUs = new Map<string, number>();
  const add = (call: Call) => {
    selfUs.set(call.name, (selfUs.get(call.name) ?? 0) + call.selfUs);
    call.calls.forEach(add);
  };
  add(root);
  return [...selfUs]
    .map(([name, own]) => ({ name, selfUs: own }))
    .sort((a, b) => b.selfUs - a.selfUs);
}
