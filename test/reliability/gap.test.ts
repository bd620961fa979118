import { expect } from "vitest";
import { CoapError } from "../../agent/coap/coap-error.ts";
import { INTERVAL_MS, outageRig } from "../support/outage-rig.ts";
import { proof } from "./proof.ts";

const MINUTE = 60_000;

const causes: Readonly<Record<string, Error | string>> = {
  dns: new CoapError("resolve", "no such name"),
  route: new CoapError("unreachable", "no route", { errno: "ENETUNREACH" }),
  silence: new CoapError("timeout", "no answer"),
  reset: new CoapError("reset", "RST"),
  handshake: new CoapError("handshake", "certificate not yet valid"),
  "4.01": "4.01",
  "5.xx": "5.00",
};

type Rig = ReturnType<typeof outageRig>;
type Run = Awaited<ReturnType<Rig["start"]>>;

/** What the server saw, and what was accepted: the outage around `fromMs`, worked out without the agent. */
function seenFrom(
  { arrivals, accepted }: Rig,
  { fromMs, cause }: { fromMs: number; cause: string },
) {
  // Of the time before a start only the samples tell.
  const last = accepted.findLast(({ atMs }) => atMs <= fromMs)?.ts ?? 0;
  const answered = arrivals.findLast(({ atMs }) => atMs <= fromMs)?.atMs ?? 0;
  const before = cause === "off" ? last : answered;
  const after = arrivals.find(({ atMs }) => atMs > fromMs)?.atMs ?? 0;
  const arrivedAt = new Map<number, number>();
  for (const { ts, atMs } of arrivals.toReversed()) arrivedAt.set(ts, atMs);
  const inIt = accepted.filter(({ atMs }) => atMs <= after);
  const late = inIt.filter(({ ts }) => (arrivedAt.get(ts) ?? 0) >= after).length;
  const lost = accepted.filter(({ ts }) => !arrivedAt.has(ts)).length;
  return { lengthMs: after - before, after, late: late - 1, lost };
}

proof("gap", "each outage is told once, with its length, cause and figures", async (given) => {
  const { count, seed } = given;
  // So small that the longest outages drop something.
  const rig = outageRig(seed, 128 * 1024);
  const { clock, random, away, reports } = rig;
  const { fraction } = random;
  const between = (least: number, most: number) => least + Math.floor(fraction() * (most - least));
  const pick = <T>(all: readonly T[]): T => all[Math.floor(fraction() * all.length)] as T;
  let run: Run = await rig.start();
  const restart = async (offMs: number) => {
    await run.kill();
    await clock.advance(offMs);
    run = await rig.start();
  };
  await clock.advance(2 * MINUTE);

  const drained = (told: number) => () =>
    reports().length >= told && run.journal.stats().waiting === 0;
  const told = { outages: 0, backfilled: 0, dropped: 0, restarts: 0, glitches: 0 };
  let lostBefore = 0;

  const outage = async (context: string) => {
    const cause = pick(Object.keys(causes).filter((name) => name !== run.cause()));
    away.tries = 0;
    away.now = causes[cause] ?? null;
    await clock.advance(2_000); // an answer may be on its way
    const fromMs = clock.now();
    // The longest drop something.
    const longMs = told.outages % 20 === 19 ? 5 * 60 * MINUTE : between(1, 30) * MINUTE;
    await clock.advance(2 * INTERVAL_MS + between(0, 30_000));
    expect(away.tries, context).toBeGreaterThan(0);
    if (fraction() < 0.3) {
      told.restarts++;
      await restart(between(0, 40_000));
    }
    await clock.advance(longMs);
    away.now = null;
    await clock.until(() => rig.arrivals.some(({ atMs }) => atMs > fromMs), 3 * 60 * MINUTE);
    if (fraction() < 0.3) {
      told.restarts++;
      // In the middle of the backlog; that it is over has been written with the next sample.
      await clock.advance(INTERVAL_MS + between(1_000, 8_000));
      await restart(between(0, 1_000));
    }
    return { fromMs, cause };
  };

  const off = async () => {
    const fromMs = clock.now();
    await restart(between(2, 60) * MINUTE);
    return { fromMs, cause: "off" };
  };

  const outages = count(400);
  while (told.outages < outages) {
    const context = () =>
      `seed ${seed}, outage ${told.outages + 1}: ${JSON.stringify(run.log.lines.slice(-5))}`;
    const restartsBefore = told.restarts;
    const course = told.outages % 5 === 3 ? await off() : await outage(context());
    const killed = told.restarts > restartsBefore;
    told.outages++;
    await clock.until(drained(told.outages), 3 * 60 * MINUTE);
    const seen = seenFrom(rig, course);
    const report = reports().at(-1) ?? expect.fail(context());
    const { agentGapSeconds, agentBackfilled, agentGapDropped } = report.values;
    const lost = seen.lost - lostBefore;
    lostBefore = seen.lost;
    expect(run.cause(), context()).toBe(course.cause);
    expect(Math.abs(Number(agentGapSeconds) - seen.lengthMs / 1000), context()).toBeLessThan(1);
    // Given up by the bound while it was on its way, or delivered and killed before that was written: once, as dropped.
    const both = Math.max(0, Number(agentGapDropped) - lost);
    expect(both, context()).toBeLessThan(killed ? 100 : 33);
    expect({ agentBackfilled, agentGapDropped }, context()).toEqual({
      agentBackfilled: seen.late - both,
      agentGapDropped: lost + both,
    });
    told.backfilled += seen.late;
    told.dropped += lost;

    // One request that fails and is answered at the next try is no outage.
    await clock.advance(between(1, 3) * MINUTE);
    away.tries = 0;
    away.now = causes["silence"] ?? null;
    await clock.until(() => away.tries > 0, MINUTE);
    away.now = null;
    told.glitches++;
    await clock.advance(between(1, 3) * MINUTE);
    expect(new Set(reports().map(({ ts }) => ts)).size, context()).toBe(told.outages);
  }
  await run.kill();
  expect(told.dropped).toBeGreaterThan(0);
  const { backfilled, dropped, restarts, glitches } = told;
  return `${outages} outages told once each, ${backfilled} samples late and ${dropped} dropped, all counted exactly; ${restarts} restarts in the middle, ${glitches} single failures not told`;
});
