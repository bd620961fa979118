import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type SandboxEvent, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { pipit } from "../support/pipit-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A sandbox, and the real service on one state folder, as systemd would start it again and again. */
async function site() {
  const waiting = new Set<() => void>();
  const events: SandboxEvent[] = [];
  const server = await startSandbox({
    httpPort: null,
    onEvent(event) {
      events.push(event);
      for (const look of waiting) look();
    },
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const folder = temporaryFolder();
  const config = join(folder, "pipit.toml");
  const own = join(folder, "own-value");
  writeFileSync(own, "17\n");
  const text = `[server]\nurl = "coap://127.0.0.1:${server.port}"
[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\ndevice_name = "board-1"
[clock]\ntrust = "always"\n[telemetry]\ninterval = "1s"\n[[sensors]]\ntype = "file"\nkey = "ownValue"\npath = "${own}"\n`;
  writeFileSync(config, text, { mode: 0o600 });
  const args = ["run", "--config", config, "--state", join(folder, "state")];
  const telemetry = () =>
    events.filter(({ path, code }) => path === "telemetry" && code === "2.01");
  const next = (done: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!done()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const latest = (key: string) =>
    server.state().devices["board-1"]?.telemetry.keys[key]?.latest.value ?? null;
  /** One run up to its next delivery. */
  const start = async () => {
    const before = telemetry().length;
    const agent = pipit(args);
    await next(() => telemetry().length > before);
    return agent;
  };
  const kill = async ({ child, ended }: Awaited<ReturnType<typeof start>>) => {
    child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
  };
  return { server, config, text, args, folder, next, latest, start, kill };
}

it("after five crashes in a row it runs with the defaults and says so; a changed configuration is tried again", async () => {
  const { config, text, next, latest, start, kill } = await site();
  for (let crash = 0; crash < 5; crash++) await kill(await start());
  expect(latest("agentSafeMode")).toBeNull();

  const sixth = await start();
  expect(latest("agentSafeMode")).toBe(true);
  expect(sixth.stderr()).toMatch(/safe mode: default settings, no sensors.*crashes=5.*journalctl/);
  expect(sixth.stderr()).toMatch(/interval=60s sensors=0/);

  writeFileSync(config, `${text}\n[log]\nlevel = "debug"\n`);
  sixth.child.kill("SIGHUP");
  await next(() => latest("agentSafeMode") === false);
  expect(sixth.stderr()).toMatch(/interval=1s sensors=1/);
  await kill(sixth);
  const seventh = await start();
  expect(seventh.stderr()).not.toContain("safe mode");
  seventh.child.kill("SIGTERM");
  expect(await seventh.ended).toBe(0);
});

it("a bug counts as a crash, what it chose itself does not, and a restart by the operator is a new try", async () => {
  const { config, text, args, folder, latest, start, kill } = await site();
  const hook = join(folder, "bug.mjs");
  writeFileSync(
    hook,
    `import os from "node:os";
import { syncBuiltinESMExports } from "node:module";
os.networkInterfaces = () => { throw new TypeError("oops"); };
syncBuiltinESMExports();`,
  );
  const env = { NODE_OPTIONS: `--import ${hook}` };
  for (let crash = 0; crash < 4; crash++) await kill(await start());
  const failed = pipit(args, { env });
  expect(await failed.ended).toBe(70);

  // A configuration that names no server ends with 78, and neither counts nor ends the row.
  writeFileSync(config, "");
  expect(await pipit(args).ended).toBe(78);
  writeFileSync(config, text);

  const sixth = await start();
  expect(latest("agentSafeMode")).toBe(true);
  // Another agent on the same state folder is refused before it can note anything.
  const record = () => readFileSync(join(folder, "state/last-run.json"), "utf8");
  const noted = record();
  const second = pipit(args);
  expect(await second.ended).toBe(75);
  expect(second.stderr()).toMatch(
    new RegExp(`another pipit \\(pid ${sixth.child.pid}\\) uses this state folder`),
  );
  expect(second.stderr()).toContain("sudo systemctl stop pipit");
  expect(record()).toBe(noted);

  sixth.child.kill("SIGTERM");
  expect(await sixth.ended).toBe(0);
  const again = await start();
  expect(latest("agentSafeMode")).toBe(false);
  expect(again.stderr()).toMatch(/interval=1s sensors=1/);
});
