import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { AgentError } from "../../agent/errors.ts";
import { systemClock } from "../../agent/platform/clock.ts";
import { createIntake } from "../../agent/platform/intake.ts";
import type { Readings } from "../../agent/ports.ts";
import { pipit } from "../support/pipit-process.ts";
import { recordingLog } from "../support/recording-log.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** An intake on a real socket; resolves when it listens, or when it has said why not. */
async function listening(path = join(temporaryFolder(), "publish.sock")) {
  const log = recordingLog();
  const intake = createIntake({ path, clock: systemClock, log });
  onTestFinished(() => intake[Symbol.asyncDispose]());
  const received: Readings[] = [];
  let fail: Error | null = null;
  const accept = async (readings: Readings) => {
    if (fail) throw fail;
    received.push(readings);
  };
  const serving = intake.serve(accept);
  await intake.settled();
  const refuse = (error: Error) => {
    fail = error;
  };
  return { path, log, intake, received, serving, accept, refuse };
}

const canConnect = (path: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

async function talk(path: string): Promise<{ socket: Socket; next: () => Promise<string> }> {
  const socket = connect(path).setEncoding("utf8");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  let text = "";
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  socket.on("data", (chunk: string) => {
    const parts = (text + chunk).split("\n");
    text = parts.pop() ?? "";
    for (const line of parts) {
      const take = waiting.shift();
      if (take) take(line);
      else lines.push(line);
    }
  });
  const next = () =>
    new Promise<string>((resolve) => {
      const line = lines.shift();
      if (line === undefined) waiting.push(resolve);
      else resolve(line);
    });
  return { socket, next };
}

it("pipit publish hands readings to the agent, and ends when they are accepted", async () => {
  const { path, received } = await listening();
  const words = ["doorOpen=true", "waterLevel=12.4", "mode=eco"];
  expect(await pipit(["publish", "--socket", path, ...words]).ended).toBe(0);
  const json = pipit(["publish", "--json", "--socket", path], { input: '{"a":1,"b":"x"}' });
  expect(await json.ended).toBe(0);
  expect(received).toEqual([
    { doorOpen: true, waterLevel: 12.4, mode: "eco" },
    { a: 1, b: "x" },
  ]);
});

it("says what to do when nobody listens, when the words are wrong, and when the agent refuses", async () => {
  const nobody = pipit(["publish", "a=1"], { env: { RUNTIME_DIRECTORY: temporaryFolder() } });
  expect(await nobody.ended).toBe(69);
  expect(nobody.stderr()).toContain("systemctl status pipit");
  for (const words of [["a"], ["a b=1"], ["ts=1"], []])
    expect(await pipit(["publish", ...words]).ended).toBe(64);
  const { path, refuse } = await listening();
  refuse(new AgentError("storage", "the disk is full; free some space"));
  const refused = pipit(["publish", "--socket", path, "a=1"]);
  expect(await refused.ended).toBe(1);
  expect(refused.stderr()).toContain("the disk is full; free some space");
});

it("answers messages of a connection in order, and hostile ones with an error", async () => {
  const { path, received } = await listening();
  const { socket, next } = await talk(path);
  socket.write('{"readings":{"a":1}}\nnonsense\n{"readings":{"b":2}}\n\u0000\uFFFF\n');
  expect(await next()).toBe('{"ok":true}');
  expect(await next()).toContain("not a message;");
  expect(await next()).toBe('{"ok":true}');
  expect(await next()).toContain("not a message;");
  expect(received).toEqual([{ a: 1 }, { b: 2 }]);
});

it("ends a line that is too long, after answering what came before it", async () => {
  const { path, received } = await listening();
  const { socket, next } = await talk(path);
  const ended = once(socket, "close");
  socket.write(`{"readings":{"a":1}}\n${"x".repeat(70_000)}`);
  expect(await next()).toBe('{"ok":true}');
  expect(await next()).toContain("more than 64 KiB");
  await ended;
  expect(received).toEqual([{ a: 1 }]);
});

it("takes a burst, and refuses the rest with an answer to each: nothing is lost in silence", async () => {
  const { path, received } = await listening();
  const { socket, next } = await talk(path);
  socket.write('{"readings":{"a":1}}\n'.repeat(150));
  const answers = await Promise.all(Array.from({ length: 150 }, next));
  const accepted = answers.filter((answer) => answer === '{"ok":true}').length;
  expect(accepted).toBeGreaterThanOrEqual(100);
  expect(received).toHaveLength(accepted);
  expect(answers.filter((answer) => answer.includes("too many")).length).toBe(150 - accepted);
});

it("the socket is for the group, and goes with the agent", async () => {
  const { path, intake } = await listening();
  expect(statSync(path).mode & 0o777).toBe(0o660);
  await intake[Symbol.asyncDispose]();
  expect(existsSync(path)).toBe(false);
});

it("a reload serves on, without a new socket", async () => {
  const { path, serving, intake, accept, received } = await listening();
  const { socket, next } = await talk(path);
  serving[Symbol.dispose]();
  socket.write('{"readings":{"a":1}}\n');
  expect(await next()).toContain("reloading");
  using _again = intake.serve(accept);
  socket.write('{"readings":{"a":2}}\n');
  expect(await next()).toBe('{"ok":true}');
  expect(received).toEqual([{ a: 2 }]);
});

it("takes the place of a socket whose agent was killed, and of nothing else", async () => {
  const path = join(temporaryFolder(), "publish.sock");
  const child = pipit(["sandbox", "--state", temporaryFolder()]);
  await child.seen(/pipit publish --socket (\S+)/);
  const [, stale = ""] = /--socket (\S+)/.exec(child.stdout()) ?? [];
  await expect.poll(() => existsSync(stale), { timeout: 10_000 }).toBe(true);
  child.child.kill("SIGKILL");
  await child.ended;
  expect(existsSync(stale)).toBe(true);
  const taken = await listening(stale);
  expect(taken.log.lines).toEqual([]);

  const other = createServer().listen(path);
  onTestFinished(() => void other.close());
  await once(other, "listening");
  expect((await listening(path)).log.lines).toMatchObject([{ fields: { error: "EADDRINUSE" } }]);
  expect(await canConnect(path)).toBe(true);

  const file = join(temporaryFolder(), "precious");
  writeFileSync(file, "text");
  expect((await listening(file)).log.lines).toHaveLength(1);
  expect(existsSync(file)).toBe(true);
});

it("goes on without a socket where there is no folder for it", async () => {
  const { log } = await listening(join(temporaryFolder(), "none", "publish.sock"));
  expect(log.lines).toMatchObject([{ level: "warn", fields: { error: "EACCES" } }]); // libuv says so for ENOENT
});
