import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { InvalidWindow } from "./window.ts";

const BUSY_LOAD = 1.5;
const CALM_LIMIT_S = 240;

/** Another program would be measured with ours. @throws InvalidWindow: it does not end */
export async function untilCalm(say: (text: string) => void): Promise<void> {
  for (let waitedS = 0; (loadavg()[0] ?? 0) > BUSY_LOAD; waitedS += 5) {
    if (waitedS >= CALM_LIMIT_S)
      throw new InvalidWindow(
        `the load average is ${loadavg()[0]?.toFixed(1)}: something else runs`,
      );
    if (waitedS % 30 === 0)
      say(`load average ${loadavg()[0]?.toFixed(1)}, waiting for ${BUSY_LOAD}`);
    await sleep(5_000);
  }
}
