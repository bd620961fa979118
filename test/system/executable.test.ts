import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { pipit } from "../support/pipit-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

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

it("has the packages that only some commands need", async () => {
  const folder = temporaryFolder();
  const config = join(folder, "pipit.toml");
  const job = '[[jobs]]\nrun = "sample"\nschedule = "0 3 * * *"\n';
  writeFileSync(config, `[server]\nurl = "coap://127.0.0.1:9"\n${job}`, { mode: 0o600 });
  const check = pipit(["config", "check", "--config", config], { executable });
  expect([await check.ended, check.stdout()]).toEqual([0, expect.stringContaining("0 errors")]);
  // node-cron for the next run of a schedule that is wrong, too.
  writeFileSync(config, job.replace("0 3", "61 3"), { mode: 0o600 });
  const wrong = pipit(["config", "check", "--config", config], { executable });
  expect(await wrong.ended).not.toBe(0);
  expect(wrong.stdout() + wrong.stderr()).toMatch(/schedule/);

  const inventory = pipit(["inventory", "--state", folder], { executable });
  expect(await inventory.ended, inventory.stderr()).toBe(0);
  expect(readFileSync(join(folder, "inventory.json"), "utf8")).toContain("{");
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
