import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { version } from "../../agent/cli/version.ts";
import { bootIdOfThisMachine } from "../../agent/platform/boot-id.ts";
import { createInventory, type InventoryOptions } from "../../agent/platform/inventory.ts";
import { recordingLog } from "../support/recording-log.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const agent = join(import.meta.dirname, "../../agent");
const never = new AbortController().signal;

/** The real command in a process of its own, without the other commands. */
const realCommand: InventoryOptions["program"] = (args) =>
  script(
    `import { dispatch } from "${agent}/cli/dispatch.ts";
   import { inventory } from "${agent}/cli/inventory.ts";
   import { processShell } from "${agent}/cli/shell.ts";
   process.exit(await dispatch([inventory], process.argv.slice(1), processShell(true)));`,
    args,
  );

const script = (source: string, args: readonly string[] = []) => ({
  file: process.execPath,
  args: ["--input-type=module", "-e", source, "--", ...args],
});

function open(overrides: Partial<InventoryOptions> = {}) {
  const stateDir = temporaryFolder();
  const log = recordingLog();
  const started: string[][] = [];
  const { program = realCommand, ...others } = overrides;
  const options: InventoryOptions = {
    stateDir,
    stamp: { bootId: bootIdOfThisMachine(), agentVersion: version },
    isEnabled: () => true,
    clock: virtualClock(), // the limit is one test's; else a child has as long as a busy machine needs
    log,
    program(args) {
      started.push([...args]);
      return program(args);
    },
    ...others,
  };
  return { stateDir, log, started, options, inventory: createInventory(options) };
}

it("a child of our own program finds out, once a boot; the next run reads its file", async () => {
  const { stateDir, log, started, options, inventory } = open();
  const found = await inventory.read(never);
  expect(log.lines).toEqual([]);
  expect(started).toEqual([["inventory", "--state", stateDir]]);
  const file = join(stateDir, "inventory.json");
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
    agentVersion: version,
    facts: found,
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await createInventory(options).read(never)).toEqual(found);
  expect(started).toHaveLength(1);
});

it("a new version, and a new boot, make a new one", async () => {
  const { options, started, inventory } = open();
  await inventory.read(never);
  const stamp = { ...options.stamp, agentVersion: "99.0.0" };
  await createInventory({ ...options, stamp }).read(never);
  expect(started).toHaveLength(2);
});

it("the child sees nothing of our environment", async () => {
  process.env["PIPIT_PROVISIONING_SECRET"] = "s3cr3t";
  onTestFinished(() => void delete process.env["PIPIT_PROVISIONING_SECRET"]);
  const { inventory } = open({
    program: ([, , stateDir = ""]) =>
      script(
        `import { writeInventory } from "${agent}/platform/inventory-file.ts";
         import { bootIdOfThisMachine } from "${agent}/platform/boot-id.ts";
         const stamp = { bootId: bootIdOfThisMachine(), agentVersion: "${version}" };
         writeInventory("${stateDir}", stamp, { names: Object.keys(process.env).sort().join() });`,
      ),
  });
  expect(await inventory.read(never)).toEqual({ names: "LC_ALL,PATH" });
});

it.each<[string, { file: string; args: readonly string[] }, string]>([
  ["does not exist", { file: "/no/such/program", args: [] }, "ENOENT"],
  ["fails", script("process.exit(3)"), "ended by 3"],
  ["writes nothing", script(""), "it wrote none"],
  ["is killed", script("process.kill(process.pid, 'SIGSEGV')"), "ended by SIGSEGV"],
])("a child that %s costs one line at info, and is not started again", async (_, child, reason) => {
  const { log, started, inventory } = open({ program: () => child });
  expect(await inventory.read(never)).toEqual({});
  expect(await inventory.read(never)).toEqual({});
  expect(log.lines).toMatchObject([{ level: "info", fields: { reason } }]);
  expect(started).toHaveLength(1);
});

it("turned off it is empty, and starts nothing", async () => {
  const { started, inventory } = open({ isEnabled: () => false });
  expect(await inventory.read(never)).toEqual({});
  expect(started).toEqual([]);
});

/** A child that hangs, and a child of its own that does too; each is connected to the test as long as it lives. */
async function hanging() {
  const path = join(temporaryFolder(), "alive");
  const sockets: Socket[] = [];
  const ended: Promise<unknown>[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.resume());
    ended.push(once(socket, "close"));
  }).listen(path);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const connect = `import { connect } from "node:net"; connect("${path}");`;
  const child = script(
    `${connect} import { spawn } from "node:child_process";
     spawn(process.execPath, ["--input-type=module", "-e", ${JSON.stringify(connect)}], { stdio: "ignore" });`,
  );
  const bothRun = async () => {
    while (sockets.length < 2) await once(server, "connection");
  };
  return { child, bothRun, bothEnded: () => Promise.all(ended) };
}

it("a child that hangs is killed after 3 s, and with it all that it has started", async () => {
  const { child, bothRun, bothEnded } = await hanging();
  const clock = virtualClock();
  const { log, inventory } = open({ program: () => child, clock });
  const read = inventory.read(never);
  await bothRun();
  await clock.advance(2_999);
  expect(log.lines).toEqual([]);
  await clock.advance(1);
  expect(await read).toEqual({});
  await bothEnded();
  expect(log.lines).toMatchObject([{ fields: { reason: "not done after 3000 ms" } }]);
});

it("the signal ends the child at once, and the next run starts another", async () => {
  const { child, bothRun, bothEnded } = await hanging();
  const { started, inventory } = open({
    program: () => (started.length === 1 ? child : script("")),
  });
  const stop = new AbortController();
  const read = inventory.read(stop.signal).catch((error: unknown) => error);
  await bothRun();
  const stopped = new Error("stopped");
  stop.abort(stopped);
  expect(await read).toBe(stopped);
  await bothEnded();
  expect(await inventory.read(never)).toEqual({});
  expect(started).toHaveLength(2);
});
