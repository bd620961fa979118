import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { bootCopy, bootCopyIn, bootFileIn, bootStatusIn } from "../../agent/cli/boot-file.ts";
import { systemClock } from "../../agent/platform/clock.ts";
import { openStatusFile } from "../../agent/platform/status-file.ts";
import { aStatus } from "../support/a-status.ts";
import { pipit } from "../support/pipit-process.ts";
import { recordingLog } from "../support/recording-log.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** What root leaves on the boot partition, by a status that this very process shows as an agent does. */

const TEXT = `[server]\nurl = "coaps://tb.example.com"\n[provisioning]\nsecret = "fleetSecret4711"\n`;
const SCRUBBED = TEXT.replace('"fleetSecret4711"', '""'.padEnd('"fleetSecret4711"'.length));
const nothingYet = { ...aStatus().server, last_ack_seconds: null };
const refused = aStatus({
  state: "provisioning",
  server: nothingYet,
  degradations: [
    { name: "provisioning", code: "P022", text: "wrong\u001b[31m key", fix: "copy it" },
  ],
});

function board() {
  const [sysroot, runtime] = [temporaryFolder(), temporaryFolder()];
  const [file, copy, told] = [bootFileIn(sysroot), bootCopyIn(sysroot), bootStatusIn(sysroot)];
  for (const path of [file, copy]) mkdirSync(dirname(path), { recursive: true });
  writeFileSync(file, TEXT);
  writeFileSync(copy, bootCopy(Buffer.from(TEXT), file));
  const seen = { redact: (text: string) => text, clock: systemClock, log: recordingLog() };
  const agent = openStatusFile({ folder: runtime, ...seen });
  onTestFinished(() => agent[Symbol.dispose]());
  const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : null);
  return {
    file,
    agent,
    result: join(runtime, "result"),
    async report() {
      const process = pipit(["boot-report", "--runtime", runtime, "--sysroot", sysroot]);
      expect(await process.ended, process.stderr()).toBe(0);
      return { told: read(told), file: read(file) };
    },
  };
}

it("after the first acknowledgement: who it is, and the secret erased from the file", async () => {
  const { agent, report } = board();
  agent.show(aStatus());
  const { told, file } = await report();
  expect(told).toMatch(
    /^pipit \S+ {3}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC.*\r\nOK {2}provisioned as rpi-abcdef01 at coaps/,
  );
  expect(told).toContain("17 values every 60 s, acknowledged by the server.\r\nThere is no secret");
  expect(file).toBe(SCRUBBED);
  expect(await report()).toEqual({ told, file }); // not even the time is written again
});

it("after a refusal: the code, the words and the cure, and the secret kept", async () => {
  const { agent, report } = board();
  agent.show(refused);
  const { told, file } = await report();
  expect(told).toMatch(/REFUSED .* P022\r\n[\s\S]*P022 wrong\\u001b\[31m key\r\n {5}copy it\r\n/);
  expect(file).toBe(TEXT);
});

it("nothing while there is no result, or no agent", async () => {
  const { agent, report } = board();
  expect(await report()).toEqual({ told: null, file: TEXT });
  agent.show(aStatus({ state: "starting", server: nothingYet }));
  expect(await report()).toEqual({ told: null, file: TEXT });
});

it("nothing of a file that was not taken over: what the import has said of it stays", async () => {
  const { agent, report, file } = board();
  const another = TEXT.replace("tb.example.com", "other.example.com");
  writeFileSync(file, another);
  agent.show(aStatus());
  expect(await report()).toEqual({ told: null, file: another });
});

it("is asked for when the result changes, not with every report", () => {
  const { agent, result } = board();
  const shown = (status: Parameters<typeof agent.show>[0]) => {
    rmSync(result, { force: true });
    agent.show(status);
    return existsSync(result) ? readFileSync(result, "utf8") : null;
  };
  expect(shown(aStatus({ state: "starting", server: nothingYet }))).toBeNull();
  expect(shown(refused)).toBe("refused P022\n");
  expect(shown(refused)).toBeNull();
  expect(shown(aStatus())).toBe("delivered rpi-abcdef01\n");
  expect(shown(aStatus({ state_seconds: 10 }))).toBeNull();
  // Started anew, with another configuration: then it is told again.
  expect(shown(aStatus({ state: "starting", server: nothingYet }))).toBeNull();
  expect(shown(aStatus())).toBe("delivered rpi-abcdef01\n");
});
