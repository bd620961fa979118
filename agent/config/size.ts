import { AgentError } from "../errors.ts";

const unitBytes = { KB: 1_000, MB: 1_000_000, GB: 1_000_000_000 } as const;

/** "64MB" is 64000000 bytes (powers of 1000); null for anything that is not one whole number and one unit. */
export function parseSize(text: string): number | null {
  const [, count, name] = /^(\d{1,6})(KB|MB|GB)$/.exec(text) ?? [];
  const unit = Object.entries(unitBytes).find(([known]) => known === name)?.[1];
  return unit === undefined ? null : Number(count) * unit;
}

/** A size in our own source, in bytes. @throws AgentError `bug` */
export function sizeBytes(text: string): number {
  const bytes = parseSize(text);
  if (bytes === null) throw new AgentError("bug", `not a size: ${text}`);
  return bytes;
}

/** The largest unit that divides: 8000000 is "8MB", 1500000 is "1500KB". */
export function formatSize(bytes: number): string {
  if (bytes > 0 && bytes % unitBytes.GB === 0) return `${bytes / unitBytes.GB}GB`;
  if (bytes > 0 && bytes % unitBytes.MB === 0) return `${bytes / unitBytes.MB}MB`;
  return `${bytes / unitBytes.KB}KB`;
}
