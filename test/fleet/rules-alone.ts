import { bootSplayMs } from "../../agent/device/splay.ts";
import { memoryHost } from "../support/memory-host.ts";
import { seededRandom } from "../support/seeded-random.ts";
import type { FleetOptions } from "./fleet-options.ts";
import { schedule } from "./scheduling.ts";
import { inWords, peak } from "./verdict.ts";

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
    ...found.slice(0, 1).map(({ steady }) => ({ what: "reports of one interval", span: steady })),
  ];
  for (const { what, span } of rows)
    say(
      `${what.padEnd(48)} mean ${span.meanPerSecond.toFixed(0)}/s, peak ${span.peakPerSecond}/s, ratio ${(span.peakPerSecond / span.meanPerSecond).toFixed(2)}`,
    );
  const lines = rows.map(({ what, span }) => peak(what, span));
  for (const line of lines) say(inWords(line));
  if (json) process.stdout.write(`${JSON.stringify({ boards, seed, rows, lines })}\n`);
  return lines.every(({ kept }) => kept);
}
