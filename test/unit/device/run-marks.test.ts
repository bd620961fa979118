import { expect, it } from "vitest";
import { markStart } from "../../../agent/device/run-marks.ts";
import { AgentError } from "../../../agent/errors.ts";
import type { Run } from "../../../agent/ports.ts";
import { createStanding } from "../../../agent/standing.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const BOOT = "5f1d3c52-7c0e-4f0b-9a57-0c4b5e0d9a11"; // of the fixture
const MINUTE = 60_000;
const before: Run = { bootId: BOOT, clean: true, stamp: "1 a", crashes: 0, safeMode: false };

function board(first: Run | null = null) {
  let run = first;
  const log = recordingLog();
  let clock = virtualClock();
  const runs = {
    load: () => run,
    save: (next: Run) => {
      run = next;
    },
  };
  const host = fixtureHost("pi4");
  const start = (stamp = "1 a") => {
    clock = virtualClock(); // the timers of the process before died with it
    return markStart({ runs, host, clock, standing: createStanding(), log, stamp });
  };
  /** Runs that end without a word, each `minutes` after its start. */
  const crash = async (times: number, minutes = 0) => {
    for (let n = 0; n < times; n++) {
      await start();
      await clock.advance(minutes * MINUTE);
    }
  };
  return { clock: () => clock, log, start, crash, now: () => run };
}

it("a run counts for crashed until it is said to have stopped", async () => {
  const { start, now } = board();
  const first = await start();
  expect(first.lastStop).toBe("firstStart");
  expect(now()).toMatchObject({ bootId: BOOT, clean: false });
  expect((await start()).lastStop).toBe("crash");
  const third = await start();
  third.stopped();
  expect(now()).toMatchObject({ bootId: BOOT, clean: true });
  expect((await start()).lastStop).toBe("stop");
});

it("a power cut is told to the operator", async () => {
  const { start, log } = board({ ...before, bootId: "before", clean: false });
  await start();
  expect(log.lines).toMatchObject([{ level: "notice", fields: { lastStop: "powerCut" } }]);
});

it("the sixth start after five crashes in a row is in safe mode, and so are those after it", async () => {
  const { start, crash, log } = board();
  for (let n = 0; n < 5; n++) expect((await start()).configured("1 a")).toBeNull();
  expect(log.lines.some(({ level }) => level === "error")).toBe(false);
  expect((await start()).configured("1 a")).toBe(true);
  expect(log.lines.at(-1)).toMatchObject({
    level: "error",
    fields: { crashes: 5, hint: expect.stringContaining("systemctl restart pipit") },
  });
  await crash(2);
  expect((await start()).configured("1 a")).toBe(true);
});

it.each<[string, (at: ReturnType<typeof board>) => Promise<unknown>]>([
  ["a clean stop", async ({ start }) => (await start()).stopped()],
  ["a run of ten minutes", async ({ crash }) => crash(1, 10)],
  ["another configuration", async ({ start }) => start("1 b")],
  ["another version", async ({ start }) => start("2 a")],
])("%s ends the row", async (_, ending) => {
  const at = board();
  await at.crash(4);
  await ending(at);
  await at.crash(4);
  expect((await at.start()).configured("1 a")).toBeNull();
});

it("a run of nine minutes does not", async () => {
  const { start, crash } = board();
  await crash(5, 9);
  expect((await start()).configured("1 a")).toBe(true);
});

it("a power cut neither counts nor ends the row", async () => {
  const cut: Run = { ...before, bootId: "the boot before", clean: false, crashes: 5 };
  expect((await board(cut).start()).configured("1 a")).toBeNull(); // four crashes, and a power cut
  const fifth: Run = { ...cut, crashes: 6, safeMode: true };
  expect((await board(fifth).start()).configured("1 a")).toBe(true);
});

it("a corrected configuration leaves safe mode without a restart, and begins to count anew", async () => {
  const { start, crash, clock, now } = board();
  await crash(5);
  const marks = await start();
  expect(marks.configured("1 a")).toBe(true);
  expect(marks.configured("1 b")).toBe(false); // told, so that no dashboard shows it for ever
  expect(now()).toMatchObject({ stamp: "1 b", crashes: 1, safeMode: false });
  await clock().advance(10 * MINUTE);
  expect(now()).toMatchObject({ stamp: "1 b", crashes: 0, clean: false });
  expect(clock().pending).toBe(0);
});

it("the first normal run after one in safe mode says that it is over", async () => {
  const { start } = board({ ...before, safeMode: true });
  expect((await start()).configured("1 a")).toBe(false);
  const next = await start();
  expect(next.configured("1 a")).toBeNull();
});

it("nothing is noted after the stop", async () => {
  const { start, clock, now } = board();
  (await start()).stopped();
  await clock().advance(20 * MINUTE);
  expect(now()).toMatchObject({ clean: true, crashes: 1 });
});

it("a disk that is full costs the mark, not the run; a bug is not taken for a full disk", async () => {
  const log = recordingLog();
  const failing = (error: Error) => ({
    load: () => null,
    save() {
      throw error;
    },
  });
  const standing = createStanding();
  const others = { host: fixtureHost("pi4"), clock: virtualClock(), standing, log, stamp: "1 a" };
  const runs = failing(new AgentError("storage", "it could not be written (ENOSPC)"));
  const marks = await markStart({ runs, ...others });
  marks.stopped();
  expect(log.lines.map(({ level }) => level)).toEqual(["warn", "warn"]);
  expect(standing.list()).toMatchObject([
    { name: "state", text: expect.stringContaining("ENOSPC") },
  ]);
  const bug = new TypeError("oops");
  await expect(markStart({ runs: failing(bug), ...others })).rejects.toBe(bug);
});
