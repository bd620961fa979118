import type { Health } from "../health.ts";
import type { JournalStats } from "../ports.ts";
import type { Degradation } from "../standing.ts";

export interface Conditions {
  readonly journal: Pick<JournalStats, "problem" | "storage">;
  readonly isClockTrusted: boolean;
  readonly health: Pick<Health, "values" | "failing">;
}

/** What can be seen from outside of the parts that it concerns. */
export function degradationsOf({ journal, isClockTrusted, health }: Conditions): Degradation[] {
  const found: Degradation[] = [];
  if (journal.problem !== null)
    found.push({
      name: "storage",
      code: "P046",
      text: `the disk takes no samples (${journal.problem}), they wait in memory`,
      fix: "see: df -h; dmesg. The disk is tried again every minute",
    });
  if (!isClockTrusted)
    found.push({
      name: "clock",
      code: "P045",
      text: "the clock is not known to be right: samples are kept, and sent when it is",
      fix: "see: timedatectl. A board without a clock of its own needs NTP",
    });
  found.push(...sensorsOf(health));
  return found;
}

const MOST_NAMED = 3;

function sensorsOf({ values, failing }: Conditions["health"]): Degradation[] {
  const sensors = { name: "sensors", code: "P049" };
  const measured = [...values.values()].reduce((sum, count) => sum + count, 0);
  if (failing.size === 0 && measured > 0) return [];
  const bad = [...failing.values()];
  const named = bad.slice(0, MOST_NAMED).map(({ source, error }) => `${source} (${error})`);
  if (bad.length > MOST_NAMED) named.push(`and ${bad.length - MOST_NAMED} more`);
  const text =
    measured > 0 ? `failing: ${named.join(", ")}` : ["nothing is measured", ...named].join(": ");
  return [
    { ...sensors, text, fix: "pipit sample shows each reading, pipit sensors scan what there is" },
  ];
}
