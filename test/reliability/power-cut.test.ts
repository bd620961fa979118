import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect } from "vitest";
import type { Random } from "../../agent/ports.ts";
import { type Sandbox, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { agentBoard } from "../support/agent-board.ts";
import { ext4Image } from "../support/ext4-image.ts";
import { type HandedIn, handIn, nothingHandedIn } from "../support/handed-in.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { allIsDelivered, nothingWrong, waitingIn, whereabouts } from "../support/whereabouts.ts";
import { proof } from "./proof.ts";

const BOARDS = 2;
const LONGEST_LIFE_MS = 1_500;
/** Small, so that segments come and go all the time. */
const toml = `[telemetry]\ninterval = "1s"\n[publish]\non_change = true\n[outbox]\nkeep_free = "1KB"\n`;
const DRAIN_MS = 120_000;
const NAME = "board";
const noSync = join(import.meta.dirname, "no-sync.ts");

/** A board whose state folder is on a card of its own; the rest of it is outside of the power's reach. */
async function boardWithCard(server: Sandbox) {
  const folder = temporaryFolder();
  const card = await ext4Image({ folder, megabytes: 64 });
  const stateDir = join(card.folder, "state");
  const board = agentBoard({ folder, stateDir, deviceName: NAME, port: server.port, toml });
  const handed = nothingHandedIn();
  return {
    ...{ card, board, handed, stateDir },
    /** Where everything is, while nobody runs. */
    async verdict() {
      const waiting = await waitingIn(stateDir);
      return { ...whereabouts(handed, server, NAME, waiting), ...waiting };
    },
    async [Symbol.asyncDispose]() {
      board[Symbol.dispose]();
      await card[Symbol.asyncDispose]();
    },
  };
}

type Board = Awaited<ReturnType<typeof boardWithCard>>;

/** One life that ends with the power, `lifeMs` after its first stored sample. The power is back when it resolves. */
async function liveAndCut({ board, card, handed }: Board, lifeMs: number, imports: string[] = []) {
  const life = board.start({ imports });
  await life.ready();
  const program = handIn(board.socket, handed);
  await Promise.race([after(lifeMs), life.ended]);
  // What is acknowledged from now on was not accepted by a board that has power.
  program.stop();
  expect(life.stderr()).not.toMatch(/wait in memory|pipit.toml:/);
  card.cut();
  life.child.kill("SIGKILL");
  expect(await life.ended, life.stderr()).toBe("SIGKILL");
  await card.remount();
  return life.stderr();
}

async function ordeal(cuts: number, { fraction }: Random, seed: number): Promise<HandedIn> {
  await using server = await startSandbox({ httpPort: null, seed, keepPoints: 1e7 });
  await using world = await boardWithCard(server);
  for (let cut = 1; cut <= cuts; cut++) {
    // Away in two of three lives: what the server has, the board need not have.
    server.setFaults({ outage: fraction() < 2 / 3 });
    const said = await liveAndCut(world, fraction() * LONGEST_LIFE_MS);
    const { entries: _, ...verdict } = await world.verdict();
    if (verdict.lost.length > 0) {
      (await import("node:child_process")).spawnSync("cp", [
        "-a",
        world.stateDir,
        `/tmp/w/rigs-scratch/bad-${Date.now()}`,
      ]);
      process.stdout.write(JSON.stringify([verdict, said, world.handed.accepted.size], null, 1));
    }
    const context = `cut ${cut}, seed ${seed}`;
    expect(verdict, context).toMatchObject({ ...nothingWrong, said: [] });
    expect(verdict.stats, context).toMatchObject({ storage: "disk", problem: null, droppedBy: {} });
  }
  server.setFaults({ outage: false });
  const last = world.board.start();
  await last.ready();
  const delivered = () => allIsDelivered(world.handed, server, NAME);
  await expect.poll(delivered, { timeout: DRAIN_MS, interval: 200 }).toBe(true);
  last.child.kill("SIGTERM");
  expect(await last.ended, last.stderr()).toBe(0);
  expect(Object.keys(server.state().devices)).toEqual([NAME]);
  await world.card.check();
  return world.handed;
}

proof(3, "power cuts of a real ext4 lose no accepted sample", async ({ seed, random, count }) => {
  const cuts = count(200) / BOARDS;
  const boards = Array.from({ length: BOARDS }, (_, index) =>
    ordeal(cuts, seededRandom(Math.floor(random.fraction() * 2 ** 32)), seed + index),
  );
  const handed = await Promise.all(boards);
  const accepted = handed.reduce((sum, { accepted }) => sum + accepted.size, 0);
  expect(accepted).toBeGreaterThan(5 * cuts * BOARDS);
  return `${cuts * BOARDS} cuts, ${accepted} readings accepted, 0 lost, 0 invented, file system sound`;
});

const CONTROLS = 10;

proof(3, "the same cuts do lose samples when nothing is synced", async ({ seed, random }) => {
  await using server = await startSandbox({ httpPort: null, seed });
  server.setFaults({ outage: true });
  let losing = 0;
  let lost = 0;
  for (let cut = 1; cut <= CONTROLS; cut++) {
    await using world = await boardWithCard(server);
    await liveAndCut(world, 500 + random.fraction() * 500, [noSync]);
    const verdict = await world.verdict();
    if (verdict.lost.length > 0) losing++;
    lost += verdict.lost.length;
  }
  expect(losing).toBeGreaterThan(0);
  return `without sync ${losing} of ${CONTROLS} cuts lost ${lost} readings`;
});
