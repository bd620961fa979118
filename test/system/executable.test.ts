import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { pipit } from "../support/pipit-process.ts";

/** What Node would do for whoever can set a variable or send a signal, and the executable does not. */

const executable = join(import.meta.dirname, `../../dist/pipit-linux-${process.arch}`);

it("ignores NODE_OPTIONS", async () => {
  const env = { NODE_OPTIONS: "--require /nowhere/at/all.js" };
  const { ended, stdout, stderr } = pipit(["--version"], { executable, env });
  expect([await ended, stdout(), stderr()]).toEqual([0, `${manifest.version}\n`, ""]);
  // The same options do matter to Node itself.
  const node = pipit(["--version"], { env });
  expect(await node.ended).not.toBe(0);
});

it("opens no debugger on SIGUSR1, and goes on", async () => {
  const options = ["sandbox", "--server-only", "--port", "0", "--http-port", "0"];
  const child = spawn(executable, options, { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  await expect.poll(() => text, { timeout: 10_000 }).toMatch(/page http:\/\/127\.0\.0\.1:\d+\//);
  child.kill("SIGUSR1");
  const page = /page (http:\S+)/.exec(text)?.[1] ?? "";
  // It has had the signal before it answers: signals of a process are taken in its loop.
  for (let asked = 0; asked < 3; asked++) expect((await fetch(page)).status).toBe(200);
  expect(text).not.toMatch(/Debugger listening/);
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
});
