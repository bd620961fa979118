import { firstBeatMs, phaseMs } from "../../agent/telemetry/phase.ts";
import { createArrivals, type Span } from "./arrivals.ts";

export interface Scheduling {
  /** The first request of each board, from power-on to the last. */
  readonly first: Span;
  /** The reports of one interval after that. */
  readonly steady: Span;
}

/**
 * When boards that were all switched on at once ask: the agent's own rules of the splay and of the phase, without the agent. For more
 * boards than have room in one process.
 */
export function schedule(options: {
  readonly boards: number;
  readonly intervalMs: number;
  /** Upper bound of the first wait. */
  readonly splayMs: number;
  readonly fraction: () => number;
}): Scheduling {
  const { boards, intervalMs, splayMs, fraction } = options;
  const [first, reports] = [createArrivals(), createArrivals()];
  for (let board = 0; board < boards; board++) {
    first.arrived(Math.floor((splayMs * fraction()) / 1_000), false);
    const hardwareId = (0x1000_0000_0000_0000n + BigInt(board)).toString(16);
    const beatMs = firstBeatMs(phaseMs(hardwareId, intervalMs), intervalMs);
    reports.arrived(Math.floor((beatMs % intervalMs) / 1_000), false);
  }
  return {
    first: first.span(0, Math.ceil(splayMs / 1_000)),
    steady: reports.span(0, Math.ceil(intervalMs / 1_000)),
  };
}
