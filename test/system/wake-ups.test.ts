import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { demand } from "../support/demand.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const clock = new URL("../../agent/platform/clock.ts", import.meta.url).href;

/** As after a report: the retransmission is cancelled when the answer comes, and the next beat is later than that would have been. */
const script = `
  import { systemClock } from ${JSON.stringify(clock)};
  systemClock.after(400, () => {});
  const retransmission = systemClock.after(200, () => {});
  setImmediate(() => retransmission[Symbol.dispose]());
`;

test("a timer that was cancelled wakes nobody up", () => {
  demand(["strace", "strace"]);
  const trace = join(temporaryFolder(), "trace");
  const program = [process.execPath, "--input-type=module", "--eval", script];
  execFileSync("strace", ["--follow-forks", "--trace=epoll_pwait", "--output", trace, ...program]);
  const sleptMs = [...readFileSync(trace, "utf8").matchAll(ENDED_BY_ITS_TIMEOUT)]
    .map(([, ms]) => Number(ms))
    .filter((ms) => ms >= 50);
  expect(sleptMs, "until 400 ms are over").toHaveLength(1);
});

/** "1234  epoll_pwait(15, [], 1024, 399, NULL, 8) = 0", or the end of it where another thread's call came in between. */
const ENDED_BY_ITS_TIMEOUT = /\[\], \d+, (\d+), NULL, \d+\) = 0$/gm;
