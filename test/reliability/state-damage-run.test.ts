import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { pathsBelow } from "../support/damage.ts";
import { listenForNotifications } from "../support/notify-socket.ts";
import { pipit } from "../support/pipit-process.ts";
import { makeStateFolder, putFiles } from "../support/state-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { proof } from "./proof.ts";

/** Puts something in the place of a file, whatever is there. */
type Put = (path: string) => void;

const replacing =
  (put: Put): Put =>
  (path) => {
    rmSync(path, { recursive: true, force: true });
    put(path);
  };
const folder = replacing((path) => mkdirSync(join(path, "in", "it"), { recursive: true }));
const fifo = replacing((path) => execFileSync("mkfifo", [path]));
const loop = replacing((path) => symlinkSync(path, path));
const nowhere = replacing((path) => symlinkSync("nowhere", path));
const zeros = replacing((path) => writeFileSync(path, new Uint8Array(20_000)));
const nothing = replacing((path) => writeFileSync(path, ""));
const noise = replacing((path) => writeFileSync(path, "§P\u{1}\u{0}\u{0}\u{0}".repeat(3_000)));
const endless: Put = (path) => truncateSync(path, 1e12);
const gone: Put = (path) => rmSync(path, { recursive: true, force: true });

interface Nasty {
  readonly what: string;
  readonly put: Put;
  /** Of every path below the state folder. */
  readonly where: RegExp;
  /** Also where nothing is. */
  readonly also?: readonly string[];
}

const every = /^(?!journal$)/;
const nasties: readonly Nasty[] = [
  { what: "every file is a FIFO", put: fifo, where: every, also: ["inventory.json"] },
  { what: "every file is a folder", put: folder, where: every, also: ["inventory.json"] },
  { what: "every file is a link to itself", put: loop, where: every, also: ["inventory.json"] },
  { what: "every file is a link to nowhere", put: nowhere, where: every },
  { what: "every file is empty", put: nothing, where: every, also: ["inventory.json"] },
  { what: "every file is zeros", put: zeros, where: every, also: ["inventory.json"] },
  { what: "every file is noise", put: noise, where: every, also: ["inventory.json"] },
  { what: "every file is a terabyte", put: endless, where: every },
  { what: "every segment is gone", put: gone, where: /seg$/ },
  { what: "every segment is noise", put: noise, where: /seg$/ },
  { what: "every segment is a terabyte", put: endless, where: /seg$/ },
  { what: "the journal is a file", put: noise, where: /^journal$/ },
  { what: "the journal is a FIFO", put: fifo, where: /^journal$/ },
  { what: "the journal is a link to itself", put: loop, where: /^journal$/ },
  { what: "the journal is a link to nowhere", put: nowhere, where: /^journal$/ },
  {
    what: "folders stand where the journal writes",
    put: folder,
    where: /spare$/,
    also: ["journal/spare", "journal/new"],
  },
  {
    what: "segments that nobody wrote",
    put: noise,
    where: /^$/,
    also: ["ffffffff-ffffffff-999999999999999", "00000001-00000001-1", "00000000-00000000-7"].map(
      (name) => `journal/${name}.seg`,
    ),
  },
  { what: "both generations of credentials are zeros", put: zeros, where: /^credentials/ },
  {
    what: "folders stand where credentials are written",
    put: folder,
    where: /^credentials/,
    also: ["credentials.json.bak.tmp"],
  },
  { what: "the lock is a folder with something in it", put: folder, where: /^lock$/ },
];

proof(9, "and the agent itself starts from the worst of them", async ({ random, count }) => {
  const base = temporaryFolder();
  const before = await makeStateFolder(join(base, "before"), random);
  const arrived = new Map<string, () => void>();
  const server = await startSandbox({
    httpPort: null,
    onEvent: ({ path, device }) => {
      if (path === "telemetry" && device) arrived.get(device)?.();
    },
  });
  onTestFinished(() => server[Symbol.asyncDispose]());

  const runs = count(nasties.length);
  for (const [index, { what, put, where, also = [] }] of nasties.slice(0, runs).entries()) {
    const state = join(base, `state-${index}`);
    putFiles(state, before.files);
    const paths = new Set([...pathsBelow(state).filter((path) => where.test(path)), ...also]);
    for (const path of paths) put(join(state, path));
    const device = `board-${index}`;
    const config = join(base, `${device}.toml`);
    const text = `[server]\nurl = "coap://127.0.0.1:${server.port}"
[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\ndevice_name = "${device}"
[clock]\ntrust = "always"\n[telemetry]\ninterval = "1s"\nphase = "0s"\n`;
    writeFileSync(config, text, { mode: 0o600 });
    const delivered = new Promise<void>((resolve) => arrived.set(device, resolve));
    const notify = `@pipit-damage-${process.pid}-${index}`;
    using socket = listenForNotifications(notify);
    const args = ["run", "--config", config, "--state", state];
    const agent = pipit(args, { env: { NOTIFY_SOCKET: notify } });
    const ended = agent.ended.then((code) =>
      expect.fail(`${what}: ended with ${code}\n${agent.stderr()}`),
    );
    await Promise.race([delivered, ended]);
    ended.catch(() => undefined); // it is to end now
    expect(socket.received().join("\n"), what).toContain("READY=1");
    agent.child.kill("SIGTERM");
    await agent.ended; // by SIGKILL of its own where a read hangs, as one may on a busy machine
    expect(agent.stderr(), what).toContain("agent: stopped");
  }
  return `${runs} folders of the worst kind: READY and publishing from each`;
});
