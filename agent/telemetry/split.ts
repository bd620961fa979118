import { withKeys } from "./batch.ts";
import type { OutboxEntry } from "./outbox.ts";

/** Half of the samples each, or half of the keys of the only one; null for a single key. */
export function halvesOf(
  pieces: readonly OutboxEntry[],
): readonly (readonly OutboxEntry[])[] | null {
  const [only, another] = pieces;
  if (!only) return null;
  if (!another) return groupsOf(only, 2)?.map((half) => [half]) ?? null;
  const middle = Math.ceil(pieces.length / 2);
  return [pieces.slice(0, middle), pieces.slice(middle)];
}

/** The keys of one sample in at most so many groups; null for a single key. */
export function groupsOf(sample: OutboxEntry, most: number): readonly OutboxEntry[] | null {
  const keys = Object.keys(sample.readings);
  if (keys.length < 2) return null;
  const each = Math.ceil(keys.length / most);
  const groups: OutboxEntry[] = [];
  for (let at = 0; at < keys.length; at += each)
    groups.push(withKeys(sample, keys.slice(at, at + each)));
  return groups;
}

/** The keys of one sample that are not in `keys`, and those that are; null where all are, or none. */
export function apart(
  sample: OutboxEntry,
  keys: ReadonlySet<string>,
): readonly [OutboxEntry, OutboxEntry] | null {
  const all = Object.keys(sample.readings);
  const known = all.filter((key) => keys.has(key));
  if (known.length === 0 || known.length === all.length) return null;
  const others = all.filter((key) => !keys.has(key));
  return [withKeys(sample, others), withKeys(sample, known)];
}
