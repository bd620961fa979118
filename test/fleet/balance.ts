import type { FleetBoard } from "./fleet-board.ts";

/** Samples of all boards. */
export interface Balance {
  readonly accepted: number;
  readonly waiting: number;
  /** Given up by the boards themselves. */
  readonly dropped: number;
  /** Null: nobody has looked into the server. */
  readonly stored: number | null;
  /** By how many samples boards and server differ, board by board. */
  readonly off: number | null;
}

export type BoardCounts = Pick<FleetBoard, "deviceName" | "accepted" | "waiting" | "dropped">;

/** `storedOf`: samples that the server has of a device; null where it cannot be looked into. */
export function balanceOf(
  boards: readonly BoardCounts[],
  storedOf: ((deviceName: string) => number) | null,
): Balance {
  const total = { accepted: 0, waiting: 0, dropped: 0, stored: 0, off: 0 };
  for (const { deviceName, accepted, waiting, dropped } of boards) {
    const stored = storedOf?.(deviceName) ?? 0;
    total.accepted += accepted;
    total.waiting += waiting;
    total.dropped += dropped;
    total.stored += stored;
    total.off += Math.abs(accepted - stored - waiting);
  }
  return storedOf === null ? { ...total, stored: null, off: null } : total;
}

export const storedIn =
  (devices: Readonly<Record<string, { readonly telemetry: { readonly samples: number } }>>) =>
  (deviceName: string): number =>
    devices[deviceName]?.telemetry.samples ?? 0;
