import type { SerialiseOptions } from "../thingsboard/serialise.ts";
import { type Batch, packBatch } from "./batch.ts";
import type { InFlight } from "./in-flight.ts";
import type { Lane } from "./live-distance.ts";
import type { MessageSize } from "./message-size.ts";
import type { Outbox, OutboxEntry } from "./outbox.ts";
import type { SampleParts } from "./sample-parts.ts";
import type { Suspect, Suspects } from "./suspects.ts";

/** RFC 7959's largest block: what fits into one datagram everywhere ThingsBoard listens. */
const MAX_PAYLOAD_BYTES = 1_024;
const MAX_ENTRIES = 32;

export interface Message extends Suspect {
  readonly batch: Batch;
  /** `live`: the newest sample, and of the backlog what fits beside it; `rest`: more of it, where it was cut, or it again. */
  readonly origin: "live" | "rest" | "suspect" | "backlog";
}

export const laneOf = ({ origin }: Message): Lane =>
  origin === "live" || origin === "rest" ? "live" : "backlog";

/** What to send next. What it gives out is taken from the outbox until it is settled, dropped or given back. */
export interface Messages {
  live(): Promise<Message | null>;
  /** As `Outbox.hasLive`. */
  readonly hasLive: boolean;
  suspect(): Message | null;
  backlog(): Promise<Message | null>;
  /** What was deferred until something else is accepted; there is nothing else. */
  deferred(): Message | null;
  /** The rest of a sample that was cut goes before a newer one, or a dashboard never sees its last keys. */
  continueWith(entry: OutboxEntry): void;
  /** The server is away: when it is back, the newest goes first again. */
  letGo(): void;
}

export interface MessagesDeps {
  readonly outbox: Outbox;
  readonly suspects: Suspects;
  readonly parts: SampleParts;
  readonly size: MessageSize;
  readonly serialise: SerialiseOptions;
  readonly inFlight: Pick<InFlight, "expect">;
}

export function createMessages(deps: MessagesDeps): Messages {
  const { outbox, suspects, parts, size, serialise, inFlight } = deps;
  let begun: OutboxEntry | null = null;

  const pack = (given: readonly OutboxEntry[], maxPoints: number, maxBytes: number): Batch => {
    const entries = given.map(parts.rest);
    const limits = { maxBytes, maxEntries: MAX_ENTRIES, maxPoints };
    const batch = packBatch(entries, limits, serialise);
    const { cut, refused } = batch;
    if (refused.length > 0 || cut) {
      parts.sweep(outbox.isWaiting);
      for (const entry of entries) {
        const unsendable = refused.filter(({ id }) => id === entry.id).map(({ key }) => key);
        if (unsendable.length > 0 || entry === cut) parts.open(entry, unsendable);
      }
    }
    outbox.take(batch.pieces);
    return batch;
  };
  const fresh = (entries: readonly OutboxEntry[], origin: Message["origin"]): Message => {
    const batch = pack(entries, size.limit, MAX_PAYLOAD_BYTES);
    return { batch, pieces: batch.pieces, acceptedBefore: null, origin };
  };

  /** Of a server that may refuse everything one sample finds out as much as many, which would then be halved for nothing. */
  const mostEntries = () => (suspects.refusedInARow > 1 ? 1 : MAX_ENTRIES);
  const backlog = async (limit: number) =>
    limit > 0 && outbox.hasMore ? outbox.backlog(limit) : [];
  const fill = async (first: OutboxEntry, origin: Message["origin"]): Promise<Message> => {
    outbox.take([first]);
    return fresh([first, ...(await backlog(mostEntries() - 1))], origin);
  };
  /** What a bound has dropped meanwhile, or a clock that was set back holds, is left out; what was cut before is cut again. */
  const tried = (next: () => Suspect | null): Message | null => {
    for (let suspect = next(); suspect !== null; suspect = suspects.next() ?? next()) {
      const gone = suspect.pieces.filter((piece) => !outbox.mayGo(piece));
      outbox.giveBack(gone);
      const pieces = suspect.pieces.filter((piece) => !gone.includes(piece));
      const [only, another] = pieces;
      if (!only) continue;
      if (!another && Object.keys(only.readings).length > size.limit) {
        parts.open(only, []);
        suspects.putBack({ ...suspect, pieces }, { halved: true });
        continue;
      }
      const batch = pack(pieces, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
      const message: Message = { ...suspect, pieces, batch, origin: "suspect" };
      inFlight.expect(message);
      return message;
    }
    return null;
  };

  return {
    get hasLive() {
      return begun !== null || outbox.hasLive;
    },
    async live() {
      const rest = begun;
      begun = null;
      if (rest !== null && outbox.mayGo(rest)) return fill(rest, "rest");
      if (rest !== null) outbox.giveBack([rest]);
      const newest = await outbox.live();
      return newest === null ? null : fill(newest, "live");
    },
    suspect: () => tried(suspects.next),
    async backlog() {
      const entries = await backlog(mostEntries());
      return entries.length === 0 ? null : fresh(entries, "backlog");
    },
    deferred: () => tried(suspects.nextDeferred),
    continueWith(entry) {
      if (begun !== null) outbox.giveBack([begun]);
      outbox.take([entry]);
      begun = entry;
    },
    letGo() {
      if (begun !== null) outbox.giveBack([begun]);
      begun = null;
    },
  };
}
