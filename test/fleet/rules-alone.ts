import { bootSplayMs } from "../../agent/device/splay.ts";
import { memoryHost } from "../support/memory-host.ts";
import { seededRandom } from "../support/seeded-random.ts";
import type { FleetOptions } from "./fleet-options.ts";
import { schedule } from "./scheduling.ts";

/** When more boards than have room in one process would ask. True: nothing is broken. */
export async function rulesAlone(
  { boards, intervalMs, seed, json }: FleetOptions,
  say: (text: string) => void,
): Promise<boolean> {
  const host = memoryHost({ "/proc/uptime": "20.00 1.00\n" });
  const splay = await bootSplayMs(host, "tb.example");
  const { fraction } = seededRandom(seed);
  const found = Object.entries(splay).map(([what, splayMs]) => ({
    what: `first request, ${what}, within ${splayMs / 1_000} s`,
    ...schedule({ boards, intervalMs, splayMs, fraction }),
  }));
  say(
    `${boards} boards, one report every ${intervalMs / 1_000} s, seed ${seed}; when they ask, alone`,
  );
  const rows = [
    ...found.map(({ what, first }) => ({ what, span: first })),
    { what: "reports of one interval", span: found[0]?.steady },
  ];
  for (const { what, span } of rows)
    if (span !== undefined)
      say(
        `${what.padEnd(48)} mean ${span.meanPerSecond.toFixed(0)}/s, peak ${span.peakPerSecond}/s, ratio ${(span.peakPerSecond / span.meanPerSecond).toFixed(2)}`,
      );
  if (json) process.stdout.write(`${JSON.stringify({ boards, seed, rows })}\n`);
  return rows.every(({ span }) => span && span.peakPerSecond <= 3 * span.meanPerSecond);
}
