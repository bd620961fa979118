import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { AgentError } from "../../agent/errors.ts";
import { credentialStore } from "../../agent/platform/credentials.ts";
import { decodeIdentity } from "../../agent/platform/credentials-file.ts";
import type { IdentityStore, Random } from "../../agent/ports.ts";
import { type Sandbox, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { startCore } from "../support/device-rig.ts";
import { tokenOf } from "../support/identities.ts";
import { recordingLog } from "../support/recording-log.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type ThingsBoard, thingsBoard } from "../support/thingsboard.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const never = new AbortController().signal;

/** What the server makes of the new token, and when. ThingsBoard has one token a device. */
const stories = ["valid before it is told", "valid a while later", "never valid"] as const;
/** The path while the new token is asked about. */
const troubles = ["none", "question lost", "answer lost", "server away for an hour"] as const;

class Killed extends Error {}

/** The real files; the process is dead before or after the n-th save, and then saves nothing more. */
function killedAt(store: IdentityStore, save: number, half: "before" | "after"): IdentityStore {
  let saves = 0;
  return {
    load: () => store.load(),
    save(identity) {
      const due = ++saves === save;
      if (saves > save || (due && half === "before")) throw new Killed();
      store.save(identity);
      if (due) throw new Killed();
    },
  };
}

interface Course {
  readonly story: (typeof stories)[number];
  readonly trouble: (typeof troubles)[number];
  /** Null: it is not killed. 2 x 2 points around the two saves, and one while the question is under way. */
  readonly kill: { readonly save: number; readonly half: "before" | "after" } | "asking" | null;
}

const kills: readonly Course["kill"][] = [
  null,
  { save: 1, half: "before" },
  { save: 1, half: "after" },
  "asking",
  { save: 2, half: "before" },
  { save: 2, half: "after" },
];

async function rotated({ story, trouble, kill }: Course, random: Random, context: string) {
  const clock = virtualClock();
  const server = thingsBoard(clock);
  const files = credentialStore(temporaryFolder(), recordingLog());
  let n = 0;
  const start = (store: IdentityStore) => startCore({ clock, server, store, random });
  let core = start(files);
  await core.accept({ n: n++ });
  await clock.advance(MINUTE);
  const old = server.tokenOf("board-1") ?? expect.fail(`${context}: not provisioned`);
  if (kill !== null && kill !== "asking") {
    await core.end();
    core = start(killedAt(files, kill.save, kill.half));
    await clock.settle();
  }

  if (story === "valid before it is told") server.setToken("board-1", "new");
  disturb(server, trouble, kill);
  const told = await core.provisioner.rotate("new", never).catch((error: unknown) => error);
  const identity = files.load();
  // At every moment the old token is on the disk, and so is the new one as soon as the server may have been asked.
  const tokens = [identity.active, identity.claim, ...identity.kept].map(tokenOf);
  expect(tokens, context).toContain(old);
  const wasAsked = server.requests.some(({ token }) => token === "new");
  if (wasAsked) expect(tokens, context).toContain("new");
  const isKnown = server.tokenOf("board-1") === "new";
  if (!isKnown) expect(tokenOf(identity.active), context).toBe(old);
  if (kill === null) expect(told, context).toMatchObject(expectedOf({ story, trouble }));
  else {
    expect(told, context).toBeInstanceOf(Error);
    await core.end();
    core = start(files); // the process that systemd starts next
    await clock.settle();
    // Whoever told the token had no reply: it tells it again, unless the board knows it already.
    if (!wasAsked && core.provisioner.candidate() === null)
      await core.provisioner.rotate("new", never).catch((error: unknown) => error);
  }

  for (let minute = 0; minute < 3 * 60; minute++) {
    await core.accept({ n: n++ });
    await clock.advance(MINUTE);
    if (minute === 60) undisturbed(server);
    if (minute === 30 && story === "valid a while later") server.setToken("board-1", "new");
  }
  await clock.advance(3 * HOUR);
  const final = files.load();
  const wanted = story === "never valid" ? old : "new";
  expect(tokenOf(final.active), context).toBe(wanted);
  expect(server.valuesOf("board-1", "n"), context).toEqual(Array.from({ length: n }, (_, i) => i));
  expect(core.outbox.stats().waiting, context).toBe(0);
  expect(core.states().at(-1), `${context}: ${core.states().join("; ")}`).toMatch(/-> online$/);
  expect(await core.end(), context).toBeNull();
}

/** What is lost, from now on until `undisturbed`: of the new token's requests once, or of all. */
function disturb(server: ThingsBoard, trouble: Course["trouble"], kill: Course["kill"]) {
  const lost = new AgentError("transient", "no answer");
  const { path } = server;
  let isFirst = true;
  const once = (token: string | undefined, what: Error) => {
    if (token !== "new" || !isFirst) return;
    isFirst = false;
    throw what;
  };
  if (kill === "asking") path.up = (_, { path: at }) => once(at[2], new Killed());
  else if (trouble === "question lost") path.up = (_, { path: at }) => once(at[2], lost);
  else if (trouble === "answer lost") {
    let asked: string | undefined;
    path.up = (_, { path: at }) => {
      asked = at[2];
    };
    path.down = () => once(asked, lost);
  } else if (trouble === "server away for an hour") {
    path.up = () => {
      throw lost;
    };
  }
}

function undisturbed({ path }: ThingsBoard) {
  path.up = () => {};
  path.down = () => {};
}

const expectedOf = ({ story, trouble }: Pick<Course, "story" | "trouble">) => {
  if (trouble !== "none") return { kind: "transient" };
  if (story === "valid before it is told") return { accessToken: "new" };
  return { kind: "unauthorized", code: "P032", hint: expect.any(String) };
};

proof(
  "rotation",
  "killed at every step, with answers lost, the old token is let go only for a new one that the server knows",
  async ({ seed, random, count }) => {
    const courses = stories.flatMap((story) =>
      troubles.flatMap((trouble) => kills.map((kill) => ({ story, trouble, kill }))),
    );
    const rounds = Math.ceil(count(720) / courses.length);
    for (let round = 0; round < rounds; round++) {
      for (const course of courses) {
        const context = `seed ${seed}, round ${round}, ${JSON.stringify(course)}`;
        await rotated(course, random, context);
      }
    }
    const killed = courses.filter(({ kill }) => kill !== null).length * rounds;
    return `${courses.length * rounds} rotations, ${killed} of them killed on the way: 0 without working credentials`;
  },
);

const root = join(import.meta.dirname, "../..");
const rotate = join(root, "test/kills/rotate.ts");
const hooks = join(root, "test/kills/count-hooks.ts");

/** The process that rotates, killed at the n-th operation; 0: not at all. Resolves to its exit code, or "SIGKILL". */
async function rotation(args: readonly string[], killAt: number) {
  const child = spawn(process.execPath, ["--import", hooks, rotate, ...args], {
    cwd: root,
    env: { ...process.env, PIPIT_KILL_AT_OPERATION: String(killAt) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code, signal] = await once(child, "close");
  return {
    ended: signal ?? code,
    operations: Number(/operations (\d+)/.exec(stderr)?.[1]),
    stderr,
  };
}

proof(
  "rotation",
  "the real process, killed at every operation on its files and its socket, never is without a token that works",
  async ({ seed, random, count }) => {
    const server = await sandboxOfTwo(seed);
    await using _server = server;
    const template = temporaryFolder();
    const adopted = await rotation([template, String(server.port), "old-token"], 0);
    expect(adopted.ended, adopted.stderr).toBe(0);
    const stateOf = () => {
      const state = join(temporaryFolder(), "state");
      cpSync(template, state, { recursive: true });
      return state;
    };
    const tokens = { good: "new-token", bad: "a-token-of-nobody" };
    const operations = {
      good: (await rotation([stateOf(), String(server.port), tokens.good], 0)).operations,
      bad: (await rotation([stateOf(), String(server.port), tokens.bad], 0)).operations,
    };
    const steps = (["good", "bad"] as const).flatMap((kind) =>
      Array.from({ length: operations[kind] }, (_, index) => ({ kind, at: index + 1 })),
    );
    // ThingsBoard has one token a device: with the new one the old one is gone. So it is for half of the good ones.
    const wanted = Math.min(count(200), 2 * steps.length);
    const stride = (2 * steps.length) / wanted;
    let [kills, next] = [0, 0];
    const ordeal = async (index: number) => {
      const { kind, at } = steps[index % steps.length] ?? expect.fail("no step");
      const context = `seed ${seed}, ${kind} token, killed at operation ${at}, ${index}`;
      const tb = await sandboxOfTwo(seed);
      await using _tb = tb;
      if (kind === "good" && index >= steps.length) tb.revoke("old");
      if (random.fraction() < 0.3) tb.setFaults({ dropAnswers: 1 });
      const state = stateOf();
      const store = credentialStore(state, recordingLog());
      const { active } = store.load();
      if (active)
        store.save({ claim: null, active: { ...active, server: serverOf(tb) }, kept: [] });
      const args = [state, String(tb.port), tokens[kind]];
      if ((await rotation(args, at)).ended === "SIGKILL") kills++;
      const possible = kind === "good" ? ["old-token", "new-token"] : ["old-token"];
      expect(possible, context).toContain(tokenOf(store.load().active));
      const again = await rotation(args, 0);
      expect(again.ended, `${context}\n${again.stderr}`).toBe(0);
      const now = decodeIdentity(readFileSync(join(state, "credentials.json"), "utf8"));
      if (!now.ok) expect.fail(`${context}: ${now.reason}`);
      const accessToken = tokenOf(now.identity.active) ?? expect.fail(`${context}: nothing in use`);
      expect(accessToken, context).toBe(possible.at(-1));
    };
    const worker = async () => {
      while (next < wanted) await ordeal(Math.floor(next++ * stride));
    };
    await Promise.all([worker(), worker()]);
    expect(kills).toBeGreaterThan(wanted / 2);
    return `${kills} kills over ${steps.length} operations: 0 without a token that works, 0 torn files`;
  },
);

async function sandboxOfTwo(seed: number): Promise<Sandbox> {
  const server = await startSandbox({ httpPort: null, seed });
  server.preprovision("old", "old-token");
  server.preprovision("new", "new-token");
  return server;
}

const serverOf = ({ port }: Sandbox) => `127.0.0.1:${port}`;
