import { mkdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect } from "vitest";
import type { Identity } from "../../agent/credentials.ts";
import { decodeIdentity } from "../../agent/platform/credentials-file.ts";
import { errnoOf } from "../../agent/platform/errno.ts";
import type { Random } from "../../agent/ports.ts";
import { type Sandbox, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { agentBoard } from "../support/agent-board.ts";
import { allDone } from "../support/all-done.ts";
import { type Ext4Image, ext4Image } from "../support/ext4-image.ts";
import { tokenOf } from "../support/identities.ts";
import { type PipitProcess, pipit } from "../support/pipit-process.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { proof } from "./proof.ts";

const WORKERS = 2;
const MOST_CUTS_A_BOARD = 3;
const MOST_RUNS_TO_FINISH = 5;
/** From the first sign of a write to its end on a slow disk. */
const WRITE_MS = 8;

/** Null where there is no file yet. @throws for one that does not prove itself whole */
function stored(stateDir: string, context: string): Identity | null {
  let text: string;
  try {
    text = readFileSync(join(stateDir, "credentials.json"), "utf8");
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return null;
  }
  const decoded = decodeIdentity(text);
  if (!decoded.ok) expect.fail(`${context}: credentials.json: ${decoded.reason}`);
  return decoded.identity;
}

/** Resolves when the file of credentials begins to be written for the `nth` time, or is renamed, or removed. */
const touched = (stateDir: string, nth: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    let seen = 0;
    watch(stateDir, { signal }, (_event, name) => {
      if (name?.includes("credentials.json") && ++seen === nth) resolve();
    });
  });

interface Worker {
  readonly server: Sandbox;
  readonly card: Ext4Image;
  readonly random: Random;
  /** What a whole run of `pipit provision` takes on this machine. */
  usualMs: number;
  cuts: number;
  devices: number;
}

/** The power fails at a random moment of the run, mostly around a write. Resolves to whether it had ended by itself. */
async function cutDuring(run: PipitProcess, stateDir: string, worker: Worker): Promise<boolean> {
  const { card, random } = worker;
  const over = new AbortController();
  const nth = 1 + Math.floor(random.fraction() * 8);
  const aroundWrite = touched(stateDir, nth, over.signal).then(() =>
    after(Math.floor(random.fraction() * WRITE_MS)),
  );
  const anywhere = after(random.fraction() * 1.5 * worker.usualMs);
  const moment = random.fraction() < 0.8 ? aroundWrite : anywhere;
  const code = await Promise.race([moment.then(() => null), run.ended]);
  card.cut();
  over.abort();
  run.child.kill("SIGKILL");
  await run.ended;
  await card.remount();
  worker.cuts++;
  return code === 0;
}

/** A board without credentials, cut off a few times, must become exactly one device. */
async function provisioned(worker: Worker, name: string, most: number) {
  const { server, card, random } = worker;
  const folder = temporaryFolder();
  const stateDir = join(card.folder, name);
  mkdirSync(stateDir);
  // With an empty name nothing but the token keeps a repeated request from making a second device.
  const deviceName = random.fraction() < 0.5 ? "" : name;
  using board = agentBoard({ folder, stateDir, deviceName, port: server.port });
  const cuts = Math.min(most, 1 + Math.floor(random.fraction() * MOST_CUTS_A_BOARD));
  for (let cut = 0; cut < cuts; cut++) {
    mkdirSync(stateDir, { recursive: true }); // the cut may have taken it
    const isOver = await cutDuring(pipit(["provision", ...board.args]), stateDir, worker);
    const found = stored(stateDir, `${name}, cut ${cut}`);
    if (isOver) expect(found?.active, `${name}: it had said that it was done`).not.toBe(null);
  }
  let stderr = "";
  for (let attempt = 0; attempt < MOST_RUNS_TO_FINISH; attempt++) {
    const startMs = performance.now();
    const last = pipit(["provision", ...board.args]);
    const code = await last.ended;
    stderr = last.stderr();
    worker.usualMs = performance.now() - startMs;
    if (code !== 0) continue;
    worker.devices++;
    return { stateDir, args: board.args, accessToken: provenToken(stored(stateDir, name), worker) };
  }
  return expect.fail(`${name} is stranded: ${stderr}`);
}

/** The active token, which must be that of exactly one device. */
function provenToken(identity: Identity | null, { server }: Worker): string {
  const token = tokenOf(identity?.active) ?? expect.fail("no active credentials");
  const devices = Object.keys(server.state().devices);
  expect(devices.filter((device) => server.accessTokenOf(device) === token)).toHaveLength(1);
  return token;
}

/** Another token takes the place of the present one: after a cut it is one of the two, and works. */
async function rotated(worker: Worker, given: Awaited<ReturnType<typeof provisioned>>) {
  const { stateDir, args, accessToken } = given;
  const next = worker.server.preprovision(`rotated-${worker.devices}`);
  worker.devices++;
  const run = pipit(["provision", "--token-stdin", ...args], { input: `${next}\n` });
  const isOver = await cutDuring(run, stateDir, worker);
  const found = stored(stateDir, "rotation") ?? expect.fail("no credentials are left");
  expect(isOver ? [next] : [accessToken, next]).toContain(provenToken(found, worker));
}

async function ordeal(cuts: number, random: Random, seed: number): Promise<Worker> {
  await using server = await startSandbox({ httpPort: null, seed });
  // Both have to be met: a card's root, and a partition for the state alone.
  const blockBytes = seed % 2 === 0 ? 4_096 : 1_024;
  await using card = await ext4Image({ folder: temporaryFolder(), megabytes: 64, blockBytes });
  const worker: Worker = { server, card, random, usualMs: 1_000, cuts: 0, devices: 0 };
  for (let round = 0; worker.cuts < cuts; round++) {
    server.setFaults({ dropProvisionAnswers: random.fraction() < 0.2 ? 1 : 0 });
    const board = await provisioned(worker, `board-${round}`, cuts - worker.cuts);
    if (worker.cuts < cuts) await rotated(worker, board);
  }
  expect(Object.keys(server.state().devices)).toHaveLength(worker.devices);
  await card.check();
  return worker;
}

proof(
  5,
  "power cuts while credentials are written leave the old or the new, and strand no device",
  async ({ seed, random, count }) => {
    const cuts = count(200) / WORKERS;
    const workers = Array.from({ length: WORKERS }, (_, index) =>
      ordeal(cuts, seededRandom(Math.floor(random.fraction() * 2 ** 32)), seed + index),
    );
    const done = await allDone(workers);
    const all = done.reduce((sum, worker) => sum + worker.cuts, 0);
    const devices = done.reduce((sum, worker) => sum + worker.devices, 0);
    return `${all} cuts, ${devices} devices and rotations, 0 torn files, 0 stranded, 0 second devices`;
  },
);
