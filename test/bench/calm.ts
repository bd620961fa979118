import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const BUSY_LOAD = 1.5;
const CALM_LIMIT_S = 240;

/** Waiting again would not help. */
export class Busy extends Error {}

/** Another program would be measured with ours. @throws Busy: it does not end */
export async function untilCalm(say: (text: string) => void): Promise<void> {
  for (let waitedS = 0; (loadavg()[0] ?? 0) > BUSY_LOAD; waitedS += 5) {
    if (waitedS >= CALM_LIMIT_S)
      throw new Busy(`the load average is ${loadavg()[0]?.toFixed(1)}: something else runs`);
    if (waitedS % 30 === 0)
      say(`load average ${loadavg()[0]?.toFixed(1)}, waiting for ${BUSY_LOAD}`);
    await sleep(5_000);
  }
}
