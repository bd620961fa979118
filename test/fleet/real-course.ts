import type { Balance } from "./balance.ts";
import { type Chapter, createChapters } from "./chapters.ts";
import type { RealSite } from "./real-site.ts";

export interface RealCourse {
  readonly chapters: readonly Chapter[];
  readonly balance: Balance;
}

export interface RealCourseOptions {
  /** Of each steady chapter. */
  readonly steadyS: number;
  /** Without power. */
  readonly darkS: number;
  readonly say: (text: string) => void;
}

/** The splay of two minutes, and a pause of ten before a provisioning that was refused is tried again. */
const PATIENCE_S = 900;
/** A message and its retransmissions: MAX_TRANSMIT_WAIT (RFC 7252 §4.8.2). */
const SETTLED_S = 93;

/** First power-on, steady state, a power cut of all boards, power-on again, steady state. */
export async function runRealCourse(
  site: RealSite,
  { steadyS, darkS, say }: RealCourseOptions,
): Promise<RealCourse> {
  const course = createChapters(site, { say, patienceS: PATIENCE_S });
  await course.powerOn("first power-on");
  await course.steady(steadyS);
  await course.powerCut(darkS);
  await course.powerOn("power is back");
  await course.steady(steadyS);
  return { chapters: course.told, balance: await site.settled(SETTLED_S) };
}
