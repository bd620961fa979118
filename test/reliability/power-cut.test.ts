import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect } from "vitest";
import type { Random } from "../../agent/ports.ts";
import { type Sandbox, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { agentBoard } from "../support/agent-board.ts";
import { allDone } from "../support/all-done.ts";
import { ext4Image } from "../support/ext4-image.ts";
import { handIn, nothingHandedIn } from "../support/handed-in.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { allIsDelivered, expectAllAccounted, lostOf } from "../support/whereabouts.ts";
import { proof } from "./proof.ts";

const BOARDS = 2;
const LONGEST_LIFE_MS = 1_500;
const DRAIN_MS = 120_000;
const usualToml = `[telemetry]\ninterval = "1s"\n[publish]\non_change = true\n[outbox]\nkeep_free = "1KB"\n`;
/** Segments of 16 KiB: one begins, or goes, every second or so. */
const boundedToml = `${usualToml}max_size = "128KB"\n[system]\nmetrics = []\n`;
const noSync = join(import.meta.dirname, "no-sync.ts");

/** A board whose state folder is on a card of its own; the rest of it is outside of the power's reach. */
async function boardWithCard(server: Sandbox, isBounded: boolean) {
  const folder = temporaryFolder();
  // One as on a card's root, one as on a partition for the state alone.
  const card = await ext4Image({ folder, megabytes: 64, blockBytes: isBounded ? 4_096 : 1_024 });
  const stateDir = join(card.folder, "state");
  const toml = isBounded ? boundedToml : usualToml;
  const deviceName = "board";
  const board = agentBoard({ folder, stateDir, deviceName, port: server.port, toml });
  const accounts = { handed: nothingHandedIn(), server, deviceName, stateDir, isBounded };
  return {
    ...{ card, board, accounts },
    async [Symbol.asyncDispose]() {
      board[Symbol.dispose]();
      await card[Symbol.asyncDispose]();
    },
  };
}

interface Life {
  readonly lifeMs: number;
  /** Counted from the first stored sample, not from the start of the process. */
  readonly isReady: boolean;
  readonly imports?: readonly string[];
}

/** One life that ends with the power. The power is back when it resolves. */
async function liveAndCut(
  { board, card, accounts }: Awaited<ReturnType<typeof boardWithCard>>,
  { lifeMs, isReady, imports = [] }: Life,
) {
  const program = handIn(board.socket, accounts.handed);
  const life = board.start({ imports });
  if (isReady) await life.ready();
  await Promise.race([after(lifeMs), life.ended]);
  // What is acknowledged from now on was not accepted by a board that has power.
  program.stop();
  expect(life.stderr()).not.toMatch(/wait in memory|pipit.toml:/);
  card.cut();
  life.child.kill("SIGKILL");
  expect(await life.ended, life.stderr()).toBe("SIGKILL");
  await card.remount();
}

async function ordeal(cuts: number, { fraction }: Random, seed: number, isBounded: boolean) {
  await using server = await startSandbox({ httpPort: null, seed, keepPoints: 1e7 });
  await using world = await boardWithCard(server, isBounded);
  const { accounts, board, card } = world;
  const { handed, deviceName } = accounts;
  for (let cut = 1; cut <= cuts; cut++) {
    // Away in two of three lives: what the server has, the board need not have.
    server.setFaults({ outage: fraction() < 2 / 3 });
    await liveAndCut(world, { lifeMs: fraction() * LONGEST_LIFE_MS, isReady: cut % 4 !== 0 });
    await expectAllAccounted(accounts, `cut ${cut}, seed ${seed}`, cut);
  }
  server.setFaults({ outage: false });
  const last = board.start();
  await last.ready();
  if (!isBounded) {
    const delivered = () => allIsDelivered(handed, server, deviceName);
    await expect.poll(delivered, { timeout: DRAIN_MS, interval: 200 }).toBe(true);
    expect(Object.keys(server.state().devices)).toEqual([deviceName]);
  }
  last.child.kill("SIGTERM");
  expect(await last.ended, last.stderr()).toBe(0);
  const counted = await expectAllAccounted(accounts, "at the end", cuts);
  await card.check();
  return { accepted: handed.accepted.size, ...counted };
}

proof(3, "power cuts of a real ext4 lose no accepted sample", async ({ seed, random, count }) => {
  const cuts = count(200) / BOARDS;
  const boards = Array.from({ length: BOARDS }, (_, index) => {
    const own = seededRandom(Math.floor(random.fraction() * 2 ** 32));
    return ordeal(cuts, own, seed + index, index === 0);
  });
  const done = await allDone(boards);
  const sum = (of: "accepted" | "dropped" | "both") =>
    done.reduce((all, each) => all + each[of], 0);
  expect(sum("accepted")).toBeGreaterThan(5 * cuts * BOARDS);
  return (
    `${cuts * BOARDS} cuts, ${sum("accepted")} readings accepted, 0 lost, 0 invented, ` +
    `${sum("dropped")} dropped by a journal of 128 KB and each counted once, ${sum("both")} of them on the server, too; file systems sound`
  );
});

const CONTROLS = 10;

/** Cuts of new boards whose agent syncs nothing: how much each had accepted, and how much of that was lost. */
async function controls(server: Sandbox, cuts: number, { fraction }: Random) {
  const done: { accepted: number; lost: number }[] = [];
  while (done.length < cuts) {
    await using world = await boardWithCard(server, false);
    const lifeMs = 500 + fraction() * 500;
    await liveAndCut(world, { lifeMs, isReady: true, imports: [noSync] });
    const accepted = world.accounts.handed.accepted.size;
    done.push({ accepted, lost: await lostOf(world.accounts) });
  }
  return done;
}

proof(3, "the same cuts do lose samples when nothing is synced", async ({ seed, random }) => {
  await using server = await startSandbox({ httpPort: null, seed });
  server.setFaults({ outage: true });
  const each = Array.from({ length: BOARDS }, () => controls(server, CONTROLS / BOARDS, random));
  const done = (await allDone(each)).flat();
  const losing = done.filter(({ lost }) => lost > 0).length;
  const sum = (of: "accepted" | "lost") => done.reduce((all, control) => all + control[of], 0);
  expect(losing).toBeGreaterThan(0);
  return `without sync ${losing} of ${CONTROLS} cuts lost something, ${sum("lost")} of ${sum("accepted")} readings`;
});
