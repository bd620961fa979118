import type { Source } from "../source.ts";

/** The paces of sources whose interval is not the default one, each once. */
export const ownPeriods = (sources: readonly Source[], defaultMs: number): readonly number[] => [
  ...new Set(
    sources
      .filter(({ schedule }) => schedule === null)
      .map(({ intervalMs }) => intervalMs ?? defaultMs)
      .concat(defaultMs),
  ),
];

/** Those whose beat this is. */
export const dueAt = (
  sources: readonly Source[],
  periodsMs: ReadonlySet<number>,
  defaultMs: number,
): readonly Source[] =>
  sources.filter(
    ({ schedule, intervalMs }) => schedule === null && periodsMs.has(intervalMs ?? defaultMs),
  );

/** Those that share a sample: all without a group, and each group by itself. */
export function sharingSample(sources: readonly Source[]): readonly (readonly Source[])[] {
  if (sources.every(({ group }) => group === null)) return [sources]; // as nearly always
  const parts = new Map<string | null, Source[]>();
  for (const source of sources) {
    const part = parts.get(source.group);
    if (part) part.push(source);
    else parts.set(source.group, [source]);
  }
  return [...parts.values()];
}
