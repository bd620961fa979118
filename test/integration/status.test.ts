import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { commands } from "../../agent/cli/commands.ts";
import { dispatch } from "../../agent/cli/dispatch.ts";
import { systemClock } from "../../agent/platform/clock.ts";
import { openStatusFile } from "../../agent/platform/status-file.ts";
import type { Status } from "../../agent/status.ts";
import { aStatus } from "../support/a-status.ts";
import { recordingLog } from "../support/recording-log.ts";
import { recordingShell } from "../support/recording-shell.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ask = async (folder: string, ...more: string[]) => {
  const shell = recordingShell();
  const code = await dispatch(commands, ["status", "--runtime", folder, ...more], shell);
  return { code, out: shell.stdout.join("\n"), err: shell.stderr.join("\n") };
};

function written(folder = temporaryFolder()) {
  const log = recordingLog();
  const redact = (text: string) => text.replaceAll("s3cret", "(secret)");
  const board = openStatusFile({ folder, alwaysFresh: true, redact, clock: systemClock, log });
  return { folder, file: join(folder, "status.json"), board, log };
}

it("what the agent writes is for everybody to read, and holds no secret", async () => {
  const { folder, file, board } = written();
  const before = process.umask(0o077);
  board.show(aStatus({ reason: "the server said s3cret" }));
  process.umask(before);
  expect(statSync(file).mode & 0o777).toBe(0o644);
  expect(readdirSync(folder)).toEqual(["result", "status.json"]);
  const { code, out } = await ask(folder, "--json");
  expect(code).toBe(0);
  const printed: Status & { age_seconds: number } = JSON.parse(out);
  expect(printed).toMatchObject({
    state: "online",
    reason: "the server said (secret)",
    process: { pid: process.pid, memory_mb: expect.any(Number) },
    age_seconds: 0,
  });
  board[Symbol.dispose]();
  expect((await ask(folder)).code).toBe(3);
});

it("ends with 1 when something is degraded, or when it is not online", async () => {
  const { folder, board } = written();
  const degradations = [{ name: "dns", code: "P041", text: "no such name", fix: "resolvectl" }];
  board.show(aStatus({ degradations }));
  expect(await ask(folder)).toMatchObject({ code: 1, out: expect.stringContaining("resolvectl") });
  board.show(aStatus({ state: "offline" }));
  expect((await ask(folder)).code).toBe(1);
});

it.each([
  [
    "there is no folder",
    (folder: string) => rmSync(folder, { recursive: true }),
    3,
    /not running: there is no .*status\.json[\s\S]*systemctl start/,
  ],
  [
    "there is no file",
    () => {},
    3,
    /not running: there is no .*status\.json[\s\S]*systemctl start/,
  ],
  [
    "its process has ended",
    (folder: string) => writeFileSync(join(folder, "status.json"), JSON.stringify(aStatus())),
    3,
    /not running: .*pid 812\) ended[\s\S]*systemctl start/,
  ],
  [
    "it is damaged",
    (folder: string) => writeFileSync(join(folder, "status.json"), "{"),
    1,
    /tells nothing: it is not one JSON object/,
  ],
  [
    "it is of a newer agent",
    (folder: string) => writeFileSync(join(folder, "status.json"), '{"format":99}'),
    1,
    /newer Pipit[\s\S]*pipit --version/,
  ],
  [
    "a folder stands there",
    (folder: string) => mkdirSync(join(folder, "status.json")),
    1,
    /it is no file/,
  ],
])("says so when %s", async (_, make, code, words) => {
  const folder = temporaryFolder();
  make(folder);
  const answer = await ask(folder);
  expect(answer).toMatchObject({ code, err: expect.stringMatching(words), out: "" });
  const json = await ask(folder, "--json");
  expect(json.code).toBe(code);
  expect(JSON.parse(json.out)).toMatchObject({
    state: expect.any(String),
    fix: expect.any(String),
  });
});

it("an agent that has gone silent counts as not running", async () => {
  const { folder, file, board } = written();
  board.show(aStatus());
  const shown: Status = JSON.parse((await ask(folder, "--json")).out);
  const monotonic_ms = shown.written.monotonic_ms - 61_000;
  writeFileSync(file, JSON.stringify({ ...shown, written: { ...shown.written, monotonic_ms } }));
  const { code, err } = await ask(folder);
  expect(code).toBe(3);
  expect(err).toMatch(/has not said anything for 6\d s[\s\S]*restart/);
});

it("a folder that cannot be written costs the status, and one line", async () => {
  const { folder, board, log } = written();
  rmSync(folder, { recursive: true });
  board.show(aStatus());
  board.show(aStatus());
  expect(log.lines).toMatchObject([{ level: "warn", fields: { error: "ENOENT" } }]);
});

it("an empty folder name is wrong usage", async () => {
  expect((await ask("")).code).toBe(64);
});
