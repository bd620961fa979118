import { systemClock } from "../platform/clock.ts";
import { sleep } from "../timing.ts";
import type { Command, Shell } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { readStatus, type StatusAnswer } from "./read-status.ts";
import { runtimeDirOf, runtimeOption } from "./runtime-dir.ts";
import { statusScreen } from "./status-screen.ts";

const WATCH_MS = 2_000;
const CLEAR = "\u001b[H\u001b[2J";

export const status: Command = {
  name: "status",
  summary: "how the running agent is, and what to do about it",
  options: {
    json: { type: "boolean", help: "one JSON object: docs/commands.md names its fields" },
    watch: { type: "boolean", help: `again every ${WATCH_MS / 1000} s` },
    runtime: runtimeOption,
  },
  async run({ shell, options }) {
    const folder = runtimeDirOf(shell, options);
    const json = options["json"] === true;
    const once = () => show(shell, json, readStatus(folder, systemClock.monotonic()));
    if (options["watch"] !== true) return once();
    for (;;) {
      if (shell.color) shell.out(CLEAR);
      const code = once();
      try {
        await sleep(systemClock, WATCH_MS, shell.signal);
      } catch (error) {
        if (!shell.signal.aborted) throw error;
        return code;
      }
    }
  },
};

function show(shell: Shell, json: boolean, answer: StatusAnswer): number {
  if (answer.kind === "running") {
    const { status: found, ageSeconds } = answer;
    if (json) shell.out(JSON.stringify({ ...found, age_seconds: ageSeconds }));
    else for (const line of statusScreen(found, ageSeconds)) shell.out(line);
    return found.state === "online" && found.degradations.length === 0 ? EXIT.ok : EXIT.no;
  }
  const { kind, reason, hint } = answer;
  if (json) shell.out(JSON.stringify({ state: kind, reason, fix: hint }));
  else {
    shell.err(`pipit: ${kind === "not running" ? "not running: " : ""}${reason}`);
    shell.err(`       ${hint}`);
  }
  return kind === "not running" ? EXIT.notRunning : EXIT.no;
}
