import { AgentError } from "../errors.ts";

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const unitNamed = (name: string | undefined): number | undefined =>
  Object.entries(unitMs).find(([unit]) => unit === name)?.[1];

/** "30s" is 30000 milliseconds; null for anything that is not one whole number and one unit. */
export function parseDuration(text: string): number | null {
  const [, count, name] = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text) ?? [];
  const unit = unitNamed(name);
  return unit === undefined ? null : Number(count) * unit;
}

/** A duration in our own source, in milliseconds. @throws AgentError `bug` */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new AgentError("bug", `not a duration: ${text}`);
  return ms;
}

/** Reads as people write it: 60000 is "60s", 86400000 is "24h", 172800000 is "2d". */
export function formatDuration(ms: number): string {
  const fits = (unit: number, least: number) => ms % unit === 0 && ms >= least * unit;
  if (fits(unitMs.d, 2)) return `${ms / unitMs.d}d`;
  if (fits(unitMs.h, 1)) return `${ms / unitMs.h}h`;
  if (fits(unitMs.m, 2)) return `${ms / unitMs.m}m`;
  if (ms % unitMs.s === 0) return `${ms / unitMs.s}s`;
  return `${ms}ms`;
}
