import { errnoOf } from "../platform/errno.ts";
import { ownerSeemsToRun } from "../platform/lock-owner.ts";
import { readWhole } from "../platform/read-whole.ts";
import { statusFileIn } from "../platform/status-file.ts";
import type { Status } from "../status.ts";
import { parseStatus } from "./parse-status.ts";

/** The answer to "how is it?": a status, no agent, or a file that gives none. */
export type StatusAnswer =
  | { readonly kind: "running"; readonly status: Status; readonly ageSeconds: number }
  | { readonly kind: "not running" | "unreadable"; readonly reason: string; readonly hint: string };

/** Ten times what an agent writes. */
const LARGEST_BYTES = 64 * 1024;
/** Reports that may be missed before an agent that still runs counts as hung. */
const MOST_MISSED = 6;

const START = "sudo systemctl start pipit; if it does not stay: journalctl -u pipit -n 50";

export function readStatus(folder: string, monotonicMs: number): StatusAnswer {
  const file = statusFileIn(folder);
  const unreadable = (reason: string): StatusAnswer => ({
    kind: "unreadable",
    reason: `${file} tells nothing: ${reason}`,
    hint: "use the pipit that the agent runs: pipit --version; or restart it: sudo systemctl restart pipit",
  });
  const notRunning = (reason: string): StatusAnswer => ({
    kind: "not running",
    reason,
    hint: START,
  });
  try {
    const content = readWhole(file, { limitBytes: LARGEST_BYTES, noFollow: true });
    if (content === null) return notRunning(`there is no ${file}`);
    if (content === "not a file") return unreadable("it is no file");
    if (content.bytes.length > LARGEST_BYTES) return unreadable("it is larger than 64 KiB");
    const parsed = parseStatus(new TextDecoder().decode(content.bytes));
    if ("problem" in parsed) return unreadable(parsed.problem);
    return judge(parsed.status, monotonicMs, notRunning);
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    if (code === "ENOTDIR") return notRunning(`there is no ${file}`);
    return unreadable(code);
  }
}

function judge(
  status: Status,
  monotonicMs: number,
  notRunning: (reason: string) => StatusAnswer,
): StatusAnswer {
  const { process, written } = status;
  if (!ownerSeemsToRun(process.owner))
    return notRunning(`the agent that was here (pid ${process.pid}) ended without a word`);
  const ageSeconds = Math.max(0, Math.round((monotonicMs - written.monotonic_ms) / 1000));
  const { every_seconds: every } = written;
  if (every !== null && ageSeconds > MOST_MISSED * every)
    return {
      kind: "not running",
      reason: `the agent (pid ${process.pid}) has not said anything for ${ageSeconds} s: it hangs, or is stopped`,
      hint: "journalctl -u pipit -n 50; then: sudo systemctl restart pipit",
    };
  return { kind: "running", status, ageSeconds };
}
