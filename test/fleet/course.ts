import type { Balance } from "./balance.ts";
import { type Chapter, createChapters } from "./chapters.ts";
import type { VirtualSite } from "./virtual-site.ts";

export interface Course {
  readonly chapters: readonly Chapter[];
  /** Bytes of heap after a collection, minute by minute. */
  readonly soakHeap: readonly number[];
  readonly balance: Balance;
}

export interface CourseOptions {
  readonly soakMinutes: number;
  /** What the tenant may send while the boards catch up, to what they send in steady state. */
  readonly limitTimes: number;
  readonly say: (text: string) => void;
  /** Collects, and returns what is left. */
  readonly heapBytes: () => number;
}

/** Without power. */
export const DARK_S = 60;
const RESTART_S = 60;
const OVERLOAD_S = 120;
const STEADY_S = 120;
/** Three reports of each board wait when it is over. */
const BACKLOG_INTERVALS = 3;
/** A limit that lets half as much more through as comes in would take six intervals for that. */
const LIMITED_INTERVALS = 10;
/** EXCHANGE_LIFETIME (RFC 7252 §4.8.2) and some: until then the stand-in remembers what it has answered before. */
const FORGET_S = 300;
const PATIENCE_S = 3_600;

/**
 * First power-on, steady state, a power cut of the whole site, a restart and an overload of the server, a rate limit of the tenant
 * that meets a backlog, a soak.
 */
export async function runCourse(site: VirtualSite, options: CourseOptions): Promise<Course> {
  const { soakMinutes, limitTimes, say, heapBytes } = options;
  const { boards, sandbox, intervalMs } = site;
  const intervalS = intervalMs / 1_000;
  const course = createChapters(site, { say, patienceS: PATIENCE_S });
  const { chapter, pass, untilAllOnline } = course;
  /** One that waits is on its way. */
  const behind = () => boards.filter(({ isOnline, waiting }) => !isOnline || waiting > 1).length;

  await course.powerOn("first power-on");
  await course.steady(STEADY_S);
  await course.powerCut(DARK_S);
  await course.powerOn("power is back");
  await course.steady(STEADY_S);

  await chapter(`server away for ${RESTART_S} s`, async () => {
    sandbox.setFaults({ outage: true });
    sandbox.restart();
    await pass(RESTART_S);
    sandbox.setFaults({ outage: false });
    const allOnlineAfterS = await untilAllOnline();
    await pass(STEADY_S);
    return { allOnlineAfterS };
  });

  sandbox.setFaults({ outage: true });
  await pass(BACKLOG_INTERVALS * intervalS);
  const perSecond = Math.ceil((limitTimes * boards.length) / intervalS);
  sandbox.setFaults({ outage: false, tenantRate: perSecond });
  await chapter(`limit of the tenant, ${limitTimes} x steady`, async () => {
    const from = site.now();
    const until = from + LIMITED_INTERVALS * intervalS;
    while (behind() > 0 && site.now() < until) await site.second();
    const left = behind();
    const caughtUpAfterS = left === 0 ? site.now() - from : null;
    return { limit: { perSecond, caughtUpAfterS, behind: left } };
  });
  sandbox.setFaults({ tenantRate: 0 });
  await chapter("limit lifted", async () => {
    const allOnlineAfterS = await untilAllOnline();
    await pass(STEADY_S);
    return { allOnlineAfterS };
  });

  await chapter(`every second answer 5.00 for ${OVERLOAD_S} s`, async () => {
    sandbox.setFaults({ failPercent: 50 });
    await pass(OVERLOAD_S);
    sandbox.setFaults({ failPercent: 0 });
    const allOnlineAfterS = await untilAllOnline();
    await pass(STEADY_S);
    return { allOnlineAfterS };
  });

  const soakHeap: number[] = [];
  if (soakMinutes > 0) await pass(FORGET_S);
  await chapter(`soak of ${soakMinutes} minutes`, async () => {
    for (let minute = 0; minute <= soakMinutes; minute++) {
      soakHeap.push(heapBytes());
      if (minute < soakMinutes) await pass(60);
    }
    return {};
  });
  // One of which a part was delivered is stored, and waits for the rest.
  const endS = site.now() + FORGET_S;
  while (site.balance().waiting > 0 && site.now() < endS) await site.second();
  return { chapters: course.told, soakHeap, balance: site.balance() };
}
