import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { pipit } from "../support/pipit-process.ts";
import { smallDisk } from "../support/small-disk.ts";
import { type Supervised, type SupervisedOptions, supervised } from "../support/supervised.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { proof } from "./proof.ts";

const url = async () => {
  const server = await startSandbox({ httpPort: null });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return `coap://127.0.0.1:${server.port}`;
};

const tomlOf = (server: string, more = "") => `[server]\nurl = "${server}"\nack_timeout = "100ms"
[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\ndevice_name = "board-1"
[telemetry]\ninterval = "1s"\nphase = "0s"\n${more}`;

const trusted = '[clock]\ntrust = "always"\n';

interface Site {
  readonly server: string;
  readonly toml?: string;
  readonly state?: string;
}

function siteOf({ server, toml = trusted, state }: Site): readonly string[] {
  const folder = temporaryFolder();
  const config = join(folder, "pipit.toml");
  writeFileSync(config, tomlOf(server, toml), { mode: 0o600 });
  return ["--config", config, "--state", state ?? join(folder, "state")];
}

/** Starts it, sees READY, and then the name in what `pipit status --json` prints; it stops as it should. */
async function named(
  name: string,
  options: Pick<SupervisedOptions, "through" | "env"> & Site,
): Promise<Supervised> {
  const agent = supervised({ ...options, args: siteOf(options) });
  await agent.ready();
  await agent.until(({ degradations }) => degradations.some((one) => one.name === name));
  const { code, printed } = await agent.status();
  expect(code, name).toBe(1);
  const found = printed.degradations.find((one) => one.name === name);
  expect(found, JSON.stringify(printed)).toMatchObject({
    code: expect.stringMatching(/^P\d{3}$/),
    text: expect.stringMatching(/./),
    fix: expect.stringMatching(/./),
  });
  agent.process.child.kill("SIGTERM");
  expect(await agent.process.ended, name).toBe(0);
  return agent;
}

proof("degradation", "without network or DNS it is ready, and says so", async () => {
  const through = ["unshare", "-n"];
  await named("network", { server: "coap://192.0.2.1:5683", through });
  await named("dns", { server: "coap://tb.example.com", through });
  return "no network, no DNS: READY, named network, dns";
});

proof("degradation", "without a server it is ready, and says so", async () => {
  await named("server", { server: "coap://127.0.0.1:9" });
  return "no server: READY, named server";
});

proof("degradation", "without a clock it is ready, keeps its samples, and says so", async () => {
  const server = await url();
  const hook = join(import.meta.dirname, "../support/clock-in-1970.ts");
  const env = { NODE_OPTIONS: `--import=${hook}` };
  await named("clock", { server, env, toml: "" });
  return "clock in 1970: READY, named clock";
});

proof("degradation", "with nothing to measure it is ready, and says so", async () => {
  const server = await url();
  await named("sensors", { server, toml: `${trusted}[system]\nmetrics = []\n` });
  const gone = '[[sensors]]\ntype = "file"\nkey = "level"\npath = "/nonexistent"\n';
  await named("sensors", { server, toml: `${trusted}${gone}` });
  return "no sensors, and one that is gone: READY, named sensors";
});

proof("degradation", "with a wrong setting it is ready, and says so", async () => {
  await named("config", { server: await url(), toml: `${trusted}[log]\nlevel = "loud"\n` });
  return "wrong setting: READY, named config";
});

proof("degradation", "without a disk to write to it is ready, and says so", async () => {
  const server = await url();
  const full = smallDisk({ skip: (why) => expect.fail(String(why)) }, "size=64k");
  writeFileSync(join(full.folder, "filler"), Buffer.alloc(64 * 1024));
  await named("storage", { server, state: full.folder });
  const state = join(temporaryFolder(), "state");
  mkdirSync(state, { mode: 0o500 });
  const noRights = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"];
  await named("lock", { server, state, through: noRights });
  // The runtime folder and the socket lie below /tmp, which stays writable as it does on such a board.
  const readOnlyRoot = ["unshare", "-m", "sh", "-c"];
  const script = 'mount --bind /tmp /tmp && mount -o remount,bind,ro / && exec "$@"';
  const through = [...readOnlyRoot, script, "sh"];
  await named("lock", { server, state: "/var/lib/pipit-test-of-a-read-only-root", through });
  return "full disk, no rights, read-only root and no folder: READY, named storage, lock";
});

proof("degradation", "with a damaged state folder it is ready, and says so", async () => {
  const server = await url();
  const state = join(temporaryFolder(), "state");
  const args = siteOf({ server, state });
  expect(await pipit(["provision", ...args]).ended).toBe(0);
  for (const name of [
    "credentials.json",
    "credentials.json.bak",
    "last-run.json",
    "last-good.toml",
  ])
    writeFileSync(join(state, name), Buffer.alloc(300, 0xa5));
  mkdirSync(join(state, "journal"), { recursive: true });
  writeFileSync(join(state, "journal/00000001-00000001-1.seg"), Buffer.alloc(16_384, 0xa5));
  await named("damage", { server, state });
  return "damaged credentials, journal and records: READY, named damage";
});
