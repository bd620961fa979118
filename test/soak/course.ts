import type { Faults } from "../../agent/sandbox/faults.ts";
import { cleanLink, type LinkFaults } from "../support/faulty-link.ts";

/** What lies between the agent and its server, and how that answers. */
export interface Weather {
  readonly link: LinkFaults;
  readonly faults: Partial<Faults>;
}

/** From `fromMs` until before `toMs` after the beginning. */
export interface Phase {
  readonly cycle: number;
  readonly weather: keyof typeof weathers;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Course {
  readonly cycles: number;
  readonly cycleMs: number;
  readonly phases: readonly Phase[];
}

/** What is held comes two beats late, behind what was sent meanwhile. */
const badLink = { loss: 0.3, duplicate: 0.1, reorder: 0.1, holdMs: 2_000, jitterMs: 20 };

export const weathers = {
  "bad link": { link: { ...cleanLink, ...badLink }, faults: { failPercent: 0 } },
  outage: { link: { ...cleanLink, loss: 1 }, faults: { failPercent: 0 } },
  "5.00 answers": { link: cleanLink, faults: { failPercent: 100 } },
  clean: { link: cleanLink, faults: { failPercent: 0 } },
} satisfies Record<string, Weather>;

/**
 * Of a cycle. Clean weather is last and longest: the backlog leaves, then the agent is looked at as it has settled. Answers of 5.00 come
 * first, because the pauses that they cause are the longest.
 */
const shares: readonly (readonly [keyof typeof weathers, number])[] = [
  ["5.00 answers", 0.15],
  ["bad link", 0.2],
  ["outage", 0.2],
  ["clean", 0.45],
];
/** The end of a cycle. */
const SETTLED_SHARE = 0.25;
/** A shorter one has no time for the pauses that the agent makes after failures. */
const CYCLE_MINUTES = 2;
const MOST_CYCLES = 10;

/**
 * The same weather again and again. The first cycle is the warm-up: what an agent needs once, compiled code say, it has needed by its end.
 */
export function courseOf(minutes: number): Course {
  const cycles = Math.min(MOST_CYCLES, Math.max(1, Math.floor(minutes / CYCLE_MINUTES)));
  const cycleMs = (minutes * 60_000) / cycles;
  const phases: Phase[] = [];
  for (let cycle = 0; cycle < cycles; cycle++)
    for (const [weather, share] of shares) {
      const fromMs = phases.at(-1)?.toMs ?? 0;
      phases.push({ cycle, weather, fromMs, toMs: fromMs + share * cycleMs });
    }
  return { cycles, cycleMs, phases };
}

/** In which cycle this instant belongs to the settled state; null: in none. */
export function settledCycleAt({ cycles, cycleMs }: Course, atMs: number): number | null {
  const cycle = Math.floor(atMs / cycleMs);
  const isSettled = cycle < cycles && atMs >= (cycle + 1 - SETTLED_SHARE) * cycleMs;
  return isSettled ? cycle : null;
}
