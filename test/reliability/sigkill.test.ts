import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect } from "vitest";
import type { Random } from "../../agent/ports.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { agentBoard } from "../support/agent-board.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { cleanLink } from "../support/faulty-link.ts";
import { handIn, nothingHandedIn } from "../support/handed-in.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { allIsDelivered, nothingWrong, waitingIn, whereabouts } from "../support/whereabouts.ts";
import { proof } from "./proof.ts";

const BOARDS = 3;
const LONGEST_LIFE_MS = 2_000;
const FIRST_SAMPLE_MS = 1_000;
const CLEAN_STARTS = 9;
/** Each way. What is held comes 5 s late, behind everything sent meanwhile. */
const badLink = { loss: 0.3, duplicate: 0.1, reorder: 0.1, holdMs: 5_000, jitterMs: 20 };
/** For the last life to deliver everything, on a machine under load. */
const DRAIN_MS = 120_000;
const DISCARD_PORT = 9;

interface Ordeal {
  readonly name: string;
  readonly kills: number;
  readonly random: Random;
  readonly seed: number;
}

/** One board is killed again and again, then left alone until all is delivered. Tells how much it accepted. */
async function ordeal({ name, kills, random, seed }: Ordeal): Promise<number> {
  await using server = await startSandbox({ httpPort: null, seed, keepPoints: 1e7 });
  const upstream = { host: "127.0.0.1", port: server.port };
  await using proxy = await startFaultProxy({ upstream, seed, ...badLink });
  const folder = temporaryFolder();
  const stateDir = join(folder, "state");
  const toml = '[telemetry]\ninterval = "1s"\n[publish]\non_change = true\n';
  const { port } = proxy;
  using board = agentBoard({ folder, stateDir, deviceName: name, port, toml });
  const handed = nothingHandedIn();
  const judge = async (when: string) => {
    const waiting = await waitingIn(stateDir);
    const context = `${name}, ${when}`;
    expect(waiting.said, context).toEqual([]);
    expect(waiting.stats, context).toMatchObject({ storage: "disk", problem: null, droppedBy: {} });
    expect(whereabouts(handed, server, name, waiting), context).toEqual(nothingWrong);
  };

  const program = handIn(board.socket, handed);
  for (let kill = 1; kill <= kills; kill++) {
    const life = board.start();
    // Every second one has stored its first sample before: on a slow machine the others hardly get that far.
    if (kill % 2 === 0) await life.ready();
    const longestMs = kill % 2 === 0 ? LONGEST_LIFE_MS / 2 : LONGEST_LIFE_MS;
    await Promise.race([after(random.fraction() * longestMs), life.ended]);
    life.child.kill("SIGKILL");
    expect(await life.ended, `${name}, life ${kill}: ${life.stderr()}`).toBe("SIGKILL");
    await judge(`kill ${kill}`);
  }
  program.stop();

  proxy.setFaults(cleanLink);
  const last = board.start();
  await last.ready();
  const delivered = () => allIsDelivered(handed, server, name);
  await expect.poll(delivered, { timeout: DRAIN_MS, interval: 200 }).toBe(true);
  last.child.kill("SIGTERM");
  expect(await last.ended, last.stderr()).toBe(0);
  await judge("at the end");
  expect(Object.keys(server.state().devices)).toEqual([name]);
  return handed.accepted.size;
}

/** Milliseconds to the first stored sample, of starts one after the other; in order. */
async function cleanStarts(): Promise<readonly number[]> {
  const folder = temporaryFolder();
  const stateDir = join(folder, "state");
  using board = agentBoard({ folder, stateDir, deviceName: "a", port: DISCARD_PORT });
  const readyMs: number[] = [];
  for (let start = 0; start < CLEAN_STARTS; start++) {
    const life = board.start();
    await life.ready();
    readyMs.push(Math.round(life.readyMs ?? Number.NaN));
    life.child.kill("SIGKILL");
    await life.ended;
  }
  return readyMs.toSorted((one, other) => one - other);
}

proof(
  1,
  "killed at random moments over a bad network, it loses and invents nothing",
  async ({ seed, random, count }) => {
    const kills = Math.ceil(count(1_000) / BOARDS);
    const boards = Array.from({ length: BOARDS }, (_, index) => {
      const own = seededRandom(Math.floor(random.fraction() * 2 ** 32));
      return ordeal({ name: `board-${index}`, kills, random: own, seed: seed + index });
    });
    const accepted = (await Promise.all(boards)).reduce((sum, each) => sum + each, 0);
    expect(accepted).toBeGreaterThan(5 * kills * BOARDS);
    const readyMs = await cleanStarts();
    // The machine may be busy with other things, but hardly at every start.
    expect(readyMs[0]).toBeLessThan(FIRST_SAMPLE_MS);
    const medianMs = readyMs[Math.floor(CLEAN_STARTS / 2)];
    return (
      `${kills * BOARDS} kills, ${accepted} readings accepted, 0 lost, 0 invented, 0 doubled; ` +
      `first sample stored ${medianMs} ms after the start (median of ${CLEAN_STARTS}, worst ${readyMs.at(-1)} ms)`
    );
  },
);
