import { expect, it } from "vitest";
import { lastStopOf } from "../../../agent/device/last-stop.ts";
import { markStart } from "../../../agent/device/run-marks.ts";
import { AgentError } from "../../../agent/errors.ts";
import type { Run } from "../../../agent/ports.ts";
import { createStanding } from "../../../agent/standing.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { recordingLog } from "../../support/recording-log.ts";

const BOOT = "5f1d3c52-7c0e-4f0b-9a57-0c4b5e0d9a11"; // of the fixture

it.each<[Run | null, string | null, string]>([
  [null, "b", "firstStart"],
  [{ bootId: "a", clean: true }, "b", "reboot"],
  [{ bootId: "a", clean: false }, "b", "powerCut"],
  [{ bootId: "b", clean: true }, "b", "stop"],
  [{ bootId: "b", clean: false }, "b", "crash"],
  [{ bootId: null, clean: true }, "b", "stop"],
  [{ bootId: "a", clean: false }, null, "crash"],
])("after %j in boot %j the last stop is %s", (previous, bootId, expected) => {
  expect(lastStopOf(previous, bootId)).toBe(expected);
});

function memoryRecord(first: Run | null) {
  let run = first;
  const record = {
    load: () => run,
    save: (next: Run) => {
      run = next;
    },
  };
  return { record, now: () => run };
}

it("a run counts for crashed until it is said to have stopped", async () => {
  const standing = createStanding();
  const { record, now } = memoryRecord(null);
  const deps = { runs: record, host: fixtureHost("pi4"), standing, log: recordingLog() };
  const first = await markStart(deps);
  expect([first.lastStop, now()]).toEqual(["firstStart", { bootId: BOOT, clean: false }]);
  expect((await markStart(deps)).lastStop).toBe("crash");
  const third = await markStart(deps);
  third.stopped();
  expect(now()).toEqual({ bootId: BOOT, clean: true });
  expect((await markStart(deps)).lastStop).toBe("stop");
});

it("a power cut is told to the operator", async () => {
  const log = recordingLog();
  const { record } = memoryRecord({ bootId: "before", clean: false });
  await markStart({ runs: record, host: fixtureHost("pi4"), standing: createStanding(), log });
  expect(log.lines).toMatchObject([{ level: "notice", fields: { lastStop: "powerCut" } }]);
});

it("a disk that is full costs the mark, not the run; a bug is not taken for a full disk", async () => {
  const log = recordingLog();
  const host = fixtureHost("pi4");
  const standing = createStanding();
  const failing = (error: Error) => ({
    load: () => null,
    save() {
      throw error;
    },
  });
  const runs = failing(new AgentError("storage", "it could not be written (ENOSPC)"));
  const marks = await markStart({ runs, host, standing, log });
  marks.stopped();
  expect(log.lines.map(({ level }) => level)).toEqual(["warn", "warn"]);
  expect(standing.list()).toMatchObject([
    { name: "state", text: expect.stringContaining("ENOSPC") },
  ]);
  const bug = new TypeError("oops");
  await expect(markStart({ runs: failing(bug), host, standing, log })).rejects.toBe(bug);
});
