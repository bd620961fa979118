import type { Moment, Reading, Readings, TakenSample } from "../ports.ts";
import { type ByteReader, type ByteWriter, Damaged } from "./bytes.ts";
import { isSameValue, readValue, writeValue } from "./value.ts";

/** What a key of the keyframe does in a delta; two bits each. */
const CHANGE = { same: 0, value: 1, absent: 2 } as const;

/** Whether the wall clock that a sample shows was trusted. */
const TRUST = { no: 0, yes: 1 } as const;

/** A delta refers to a keyframe at most so many samples back: damage costs a group at most. */
export const LONGEST_GROUP = 16;

interface Keyframe {
  /** As it is written: counted from the segment's first one. */
  readonly id: number;
  readonly taken: Moment;
  readonly keys: readonly string[];
  readonly values: readonly Reading[];
}

/** How a sample begins; further kinds of records are in record.ts. */
export const SAMPLE = { keyframe: 1, delta: 2 } as const;

export interface SampleEncoder {
  /** `id` counts from the segment's first one. */
  write(to: ByteWriter, id: number, sample: TakenSample): void;
  /** The next sample is a keyframe: what was written before it may not be on the disk. */
  reset(): void;
}

/**
 * A keyframe holds all keys by name; a delta says how many ids back its keyframe is, what has changed since, and the keys
 * that the keyframe has not. So damage costs what it hit, and with a keyframe the deltas on it; no delta is ever applied to
 * a keyframe that is not its own.
 */
export function createSampleEncoder(): SampleEncoder {
  let keyframe: Keyframe | null = null;
  let since = 0;

  const writeKeyframe = (to: ByteWriter, id: number, { taken, readings }: TakenSample) => {
    to.text(taken.bootId);
    to.count(taken.monotonicMs);
    to.count(wallOf(taken));
    to.byte(trustOf(taken));
    writeMembers(to, Object.entries(readings));
    keyframe = { id, taken, keys: Object.keys(readings), values: Object.values(readings) };
    since = 0;
  };

  const writeDelta = (to: ByteWriter, base: Keyframe, { taken, readings }: TakenSample) => {
    to.signed(taken.monotonicMs - base.taken.monotonicMs);
    to.signed(wallOf(taken) - wallOf(base.taken));
    to.byte(trustOf(taken));
    // At every beat: no array but one, and no iterator.
    const { keys, values } = base;
    const changed: Reading[] = [];
    let more = Object.keys(readings).length;
    let bits = 0;
    for (let index = 0; index < keys.length; index++) {
      const value = ownOf(readings, keys[index]);
      const change = changeOf(value, values[index]);
      if (value !== undefined) more--;
      if (value !== undefined && change === CHANGE.value) changed.push(value);
      bits |= change << (2 * (index & 3));
      if ((index & 3) < 3 && index < keys.length - 1) continue;
      to.byte(bits);
      bits = 0;
    }
    for (let index = 0; index < changed.length; index++) writeValue(to, changed[index] as Reading);
    if (more === 0) return writeMembers(to, []);
    const known = new Set(keys);
    writeMembers(
      to,
      Object.entries(readings).filter(([key]) => !known.has(key)),
    );
  };

  return {
    write(to, id, sample) {
      const base = keyframe;
      const isDelta =
        base !== null && ++since < LONGEST_GROUP && base.taken.bootId === sample.taken.bootId;
      to.byte(isDelta ? SAMPLE.delta : SAMPLE.keyframe);
      to.count(id);
      if (isDelta) {
        to.count(id - base.id);
        writeDelta(to, base, sample);
      } else writeKeyframe(to, id, sample);
    },
    reset() {
      keyframe = null;
    },
  };
}

/** What the wall clock showed; 0: nobody knows. */
const wallOf = ({ ts, wallMs }: Moment): number => ts ?? Math.max(0, wallMs ?? 0);

const trustOf = ({ ts }: Moment): number => (ts === null ? TRUST.no : TRUST.yes);

function momentOf(bootId: string, monotonicMs: number, wallMs: number, trust: number): Moment {
  if (trust === TRUST.yes) return { bootId, monotonicMs, ts: wallMs };
  if (trust !== TRUST.no) throw new Damaged(`${trust} does not tell whether a clock was trusted`);
  return { bootId, monotonicMs, ts: null, ...(wallMs > 0 ? { wallMs } : {}) };
}

const changeOf = (now: Reading | undefined, before: Reading | undefined) => {
  if (now === undefined) return CHANGE.absent;
  return before !== undefined && isSameValue(now, before) ? CHANGE.same : CHANGE.value;
};

const ownOf = (readings: Readings, key: string | undefined): Reading | undefined =>
  key !== undefined && Object.hasOwn(readings, key) ? readings[key] : undefined;

function writeMembers(to: ByteWriter, members: readonly (readonly [string, Reading])[]): void {
  to.count(members.length);
  for (const [key, value] of members) {
    to.text(key);
    writeValue(to, value);
  }
}

function* readMembers(from: ByteReader): Generator<readonly [string, Reading]> {
  for (let left = from.count(); left > 0; left--) yield [from.text(), readValue(from)];
}

export interface NumberedSample {
  readonly id: number;
  readonly sample: TakenSample;
}

/** A delta whose keyframe was lost: it was there, and that is all that can be told. */
export interface Orphan {
  readonly id: number;
  readonly sample: null;
}

export interface SampleDecoder {
  /** @throws Damaged */
  read(kind: number, from: ByteReader): NumberedSample | Orphan;
}

export function createSampleDecoder(): SampleDecoder {
  let keyframe: Keyframe | null = null;

  const readKeyframe = (id: number, from: ByteReader): NumberedSample => {
    const bootId = from.text();
    const monotonicMs = from.count();
    const wallMs = from.count();
    const taken = momentOf(bootId, monotonicMs, wallMs, from.byte());
    const members = [...readMembers(from)];
    keyframe = {
      id,
      taken,
      keys: members.map(([key]) => key),
      values: members.map(([, value]) => value),
    };
    return { id, sample: { taken, readings: Object.fromEntries(members) } };
  };

  const readDelta = (id: number, base: Keyframe, from: ByteReader): NumberedSample => {
    const monotonicMs = base.taken.monotonicMs + from.signed();
    const wallMs = wallOf(base.taken) + from.signed();
    const taken = momentOf(base.taken.bootId, monotonicMs, wallMs, from.byte());
    const bits = Array.from({ length: Math.ceil(base.keys.length / 4) }, () => from.byte());
    const members: (readonly [string, Reading])[] = [];
    for (const [index, key] of base.keys.entries()) {
      const change = ((bits[index >> 2] ?? 0) >> (2 * (index & 3))) & 3;
      const before = base.values[index];
      if (change === CHANGE.value) members.push([key, readValue(from)]);
      else if (change === CHANGE.same && before !== undefined) members.push([key, before]);
      else if (change !== CHANGE.absent) throw new Damaged(`${change} is no change of a value`);
    }
    const readings: Readings = Object.fromEntries([...members, ...readMembers(from)]);
    return { id, sample: { taken, readings } };
  };

  return {
    read(kind, from) {
      const id = from.count();
      if (kind === SAMPLE.keyframe) return readKeyframe(id, from);
      const keyframeId = id - from.count();
      return keyframe?.id === keyframeId ? readDelta(id, keyframe, from) : { id, sample: null };
    },
  };
}
