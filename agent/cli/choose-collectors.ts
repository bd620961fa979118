import type { Collector } from "../collectors/collector.ts";
import { metricNames, type Selection, selectCollectors } from "../collectors/select.ts";
import { nearest } from "../config/nearest.ts";
import { UsageError } from "./command.ts";

/**
 * What `pipit sample NAME…` looks at: for each name the collector of that name, else the collectors of that group, else
 * the one that has this key. Without names: what `[system] metrics` sends.
 * @throws UsageError
 */
export function chooseCollectors(
  collectors: readonly Collector[],
  metrics: readonly string[],
  names: readonly string[],
): Selection {
  if (names.length === 0) return selectCollectors(collectors, metrics);
  const parts = names.map((name) => choose(collectors, metrics, name));
  const chosen = new Set(parts.flatMap((part) => part.collectors));
  return {
    collectors: collectors.filter((collector) => chosen.has(collector)),
    keys: new Set(parts.flatMap((part) => [...part.keys])),
  };
}

function choose(
  collectors: readonly Collector[],
  metrics: readonly string[],
  name: string,
): Selection {
  const named = collectors.filter((collector) => collector.name === name);
  // What is named is shown, whether or not the configuration sends it; its optional keys only if it does.
  if (named.length > 0)
    return selectCollectors(named, [...metrics, ...named.map(({ metric }) => metric)]);
  const selection = selectCollectors(collectors, [name]);
  if (selection.collectors.length > 0) return selection;
  throw new UsageError(unknownName(collectors, name));
}

function unknownName(collectors: readonly Collector[], name: string): string {
  const known = collectors.map((collector) => collector.name);
  const meant = nearest(name, [...new Set([...known, ...metricNames(collectors)])]);
  const hint = meant === null ? "" : `did you mean "${meant}"? `;
  return `"${name}" is not a collector; ${hint}One of: ${known.join(", ")}`;
}
