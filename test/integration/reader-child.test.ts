import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../agent/platform/clock.ts";
import { errnoOf } from "../../agent/platform/errno.ts";
import { ownProgram } from "../../agent/platform/own-program.ts";
import { createReaderChild } from "../../agent/platform/reader-child.ts";
import { recordingLog } from "../support/recording-log.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function reading(program?: { file: string; args: readonly string[] }) {
  const root = temporaryFolder();
  mkdirSync(join(root, "sys"));
  const log = recordingLog();
  const reader = createReaderChild({
    program: program ?? ownProgram(["reader", "--sysroot", root]),
    clock: systemClock,
    log,
  });
  onTestFinished(() => reader[Symbol.asyncDispose]());
  return { root, log, reader };
}

/** In a process of its own: opening a pipe waits for its reader. */
function writeInto(pipe: string, line: string): void {
  const child = spawn("/bin/sh", ["-c", `echo ${line} > ${pipe}`], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

/** Process IDs of those that were told this root. */
const readersOf = (root: string): readonly number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && commandOf(name).includes(`--sysroot\0${root}\0`))
    .map(Number);

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return ""; // ended meanwhile
    throw error;
  }
}

/** A script of the shell, executable by everybody. */
function script(text: string): string {
  const file = join(temporaryFolder(), "script");
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}
const gone = (pid: () => number) =>
  expect.poll(() => isAlive(pid()), { timeout: 10_000 }).toBe(false);

it("reads files below the root, and says what the system says", async () => {
  const { root, reader, log } = reading();
  writeFileSync(join(root, "sys/temp"), "21437\n");
  const options = { bus: "w1", timeoutMs: 20_000 };
  expect(await reader.readFile("/sys/temp", options)).toBe("21437\n");
  await expect(reader.readFile("/sys/none", options)).rejects.toMatchObject({ code: "ENOENT" });
  await expect(reader.readFile("/sys", options)).rejects.toMatchObject({ code: "EISDIR" });
  expect(log.lines).toEqual([]);
});

it("a read that hangs costs its own call; one on another bus is asked again in the next child", async () => {
  const { root, reader } = reading();
  execFileSync("mkfifo", [join(root, "sys/hung"), join(root, "sys/late")]);
  writeFileSync(join(root, "sys/temp"), "1\n");
  await reader.readFile("/sys/temp", { bus: "x", timeoutMs: 20_000 });
  const [first = 0] = readersOf(root);
  expect(first).toBeGreaterThan(0);
  const late = reader.readFile("/sys/late", { bus: "b", timeoutMs: 20_000 });
  const hung = reader.readFile("/sys/hung", { bus: "a", timeoutMs: 300 });
  await expect(hung).rejects.toMatchObject({ code: "ETIMEDOUT" });
  // As long as it lives it may take what is meant for the next one.
  await gone(() => first);
  writeInto(join(root, "sys/late"), "22");
  expect(await late).toBe("22\n");
});

it("reads of one bus follow each other", async () => {
  const { root, reader } = reading();
  execFileSync("mkfifo", [join(root, "sys/first")]);
  writeFileSync(join(root, "sys/second"), "2\n");
  const order: string[] = [];
  const options = { bus: "w1", timeoutMs: 20_000 };
  const first = reader.readFile("/sys/first", options).then((text) => order.push(text));
  const second = reader.readFile("/sys/second", options).then((text) => order.push(text));
  writeInto(join(root, "sys/first"), "1");
  await Promise.all([first, second]);
  expect(order).toEqual(["1\n", "2\n"]);
});

it("runs programs, without a secret of ours in their environment", async () => {
  const { reader } = reading();
  process.env["PIPIT_TEST_SECRET"] = "hunter2";
  onTestFinished(() => void delete process.env["PIPIT_TEST_SECRET"]);
  const environment = await reader.run(["/usr/bin/env"], { timeoutMs: 20_000 });
  expect(environment).toContain("LC_ALL=C");
  expect(environment).not.toContain("hunter2");
  expect(await reader.run(["/bin/pwd"], { timeoutMs: 20_000 })).toBe("/\n");
});

it.each([
  [
    "its exit status and its first line",
    () => script("echo no battery >&2; exit 3"),
    "exit status 3: no battery",
  ],
  ["that it is not there", () => "/usr/bin/none", "ENOENT"],
  ["that it may not be run", () => "/etc/passwd", "EACCES"],
  ["that it says too much", () => script("yes"), "more than 64 KiB"],
])("tells %s", async (_, program, words) => {
  const { reader } = reading();
  await expect(reader.run([program()], { timeoutMs: 20_000 })).rejects.toMatchObject({
    kind: "sensor",
    message: expect.stringContaining(words),
  });
});

it("a program over its time is killed with all that it has started", async () => {
  const { reader } = reading();
  const pids = join(temporaryFolder(), "pids");
  const slow = script(`sleep 1000 & echo $! $$ > ${pids}; wait`);
  await expect(reader.run([slow], { timeoutMs: 1_500 })).rejects.toThrow("not done after 1500 ms");
  for (const pid of readFileSync(pids, "utf8").trim().split(" ")) await gone(() => Number(pid));
});

it("what a program leaves running is not waited for, and ended", async () => {
  const { reader } = reading();
  const pid = join(temporaryFolder(), "pid");
  const leaving = script(`sleep 1000 & echo $! > ${pid}; echo 42`);
  expect(await reader.run([leaving], { timeoutMs: 20_000 })).toBe("42\n");
  await gone(() => Number(readFileSync(pid, "utf8")));
});

it("ends with the agent, and its programs with it", async () => {
  const { file, args } = ownProgram(["reader"]);
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const pid = join(temporaryFolder(), "pid");
  const slow = script(`echo $$ > ${pid}; sleep 1000`);
  child.stdin.write(`${JSON.stringify({ id: 1, run: [slow], timeoutMs: 100_000 })}\n`);
  await expect
    .poll(() => existsSync(pid) && readFileSync(pid, "utf8"), { timeout: 20_000 })
    .toMatch(/\d\n/);
  child.stdin.end(); // as the kernel does when the agent dies
  await once(child, "exit");
  await gone(() => Number(readFileSync(pid, "utf8")));
});

it("a child that ends at once fails the call, and is not started again in a loop", async () => {
  const { reader, log } = reading({ file: "/bin/false", args: [] });
  const read = () => reader.readFile("/x", { bus: "a", timeoutMs: 20_000 });
  await expect(read()).rejects.toMatchObject({ kind: "sensor" });
  await expect(read()).rejects.toThrow("it is started again later");
  expect(log.lines.length).toBeLessThan(5);
});

it("closes at once, whatever hangs in it", async () => {
  const { root, reader } = reading();
  execFileSync("mkfifo", [join(root, "sys/hung")]);
  writeFileSync(join(root, "sys/temp"), "1\n");
  await reader.readFile("/sys/temp", { bus: "b", timeoutMs: 20_000 });
  const hung = reader.readFile("/sys/hung", { bus: "a", timeoutMs: 60_000 });
  const outcome = hung.catch((error: unknown) => error);
  await reader[Symbol.asyncDispose]();
  expect(await outcome).toMatchObject({ kind: "sensor" });
});

it("the time of a read begins when the child listens, however long its start takes", async () => {
  const { root, reader } = reading(slowly(ownProgram(["reader", "--sysroot", "/"]), 1));
  writeFileSync(join(root, "sys/temp"), "1\n");
  const path = join(root, "sys/temp");
  expect(await reader.readFile(path, { bus: "a", timeoutMs: 900 })).toBe("1\n");
});

const slowly = ({ file, args }: { file: string; args: readonly string[] }, seconds: number) => ({
  file: "/bin/sh",
  args: ["-c", `sleep ${seconds}; exec "$0" "$@"`, file, ...args],
});
