import { isJsonObject } from "../json.ts";
import type { Json, Moment } from "../ports.ts";
import type { OutageCause } from "./outage-cause.ts";

/** A time in which nothing was acknowledged, until all that waited in it has been. */
export interface Outage {
  /** What began it. */
  readonly cause: OutageCause;
  /** The last acknowledgement before it; null: the server is back, and the backlog is on its way. */
  readonly begun: Moment | null;
  /** Of the stretches that are over: a link that goes again before the backlog is gone makes no new outage. */
  readonly lengthMs: number;
  /** Counter of the journal when it began. */
  readonly droppedBefore: number;
  /** Samples of the backlog that were acknowledged. */
  readonly late: number;
  /** The newest sample of the backlog. */
  readonly upToId: number;
}

/** The readings that tell of it, once. */
export const gapReadings = ({ lengthMs, late, droppedBefore }: Outage, dropped: number) => ({
  agentGapSeconds: Math.round(lengthMs / 1000),
  agentBackfilled: late,
  agentGapDropped: Math.max(0, dropped - droppedBefore),
});

/** As the journal notes it. */
export const notedOutage = (outage: Outage): Json => ({
  ...outage,
  begun: outage.begun && { ...outage.begun },
});

/** Null for anything that this version has not noted: then the outage goes untold. */
export function outageOf(noted: Json | null): Outage | null {
  if (!isJsonObject(noted)) return null;
  const { cause, begun, lengthMs, droppedBefore, late, upToId } = noted;
  const start = momentOf(begun);
  if (typeof cause !== "string" || start === undefined) return null;
  if (typeof lengthMs !== "number" || typeof droppedBefore !== "number") return null;
  if (typeof late !== "number" || typeof upToId !== "number") return null;
  return { cause: cause as OutageCause, begun: start, lengthMs, droppedBefore, late, upToId };
}

function momentOf(noted: Json | undefined): Moment | null | undefined {
  if (noted === null) return null;
  if (!isJsonObject(noted)) return undefined;
  const { bootId, monotonicMs, ts } = noted;
  if (typeof bootId !== "string" || typeof monotonicMs !== "number") return undefined;
  return ts === null || typeof ts === "number" ? { bootId, monotonicMs, ts } : undefined;
}
