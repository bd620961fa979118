import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect } from "vitest";
import type { Random } from "../../agent/ports.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { agentBoard } from "../support/agent-board.ts";
import { allDone } from "../support/all-done.ts";
import { handIn, nothingHandedIn } from "../support/handed-in.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { expectAllAccounted } from "../support/whereabouts.ts";
import { proof } from "./proof.ts";

const BOARDS = 2;
const LONGEST_LIFE_MS = 1_000;
const STOP_MS = 2_000;
/** For each single one: a machine that tests something else beside may stop the clock for a process now and then. */
const SLACK = 3;
const toml = `[telemetry]\ninterval = "1s"\n[publish]\non_change = true\n`;
const DISCARD_PORT = 9;
const hungDisk = join(import.meta.dirname, "hung-disk.ts");

/** Tells how long each stop took, in milliseconds. */
async function ordeal(deviceName: string, stops: number, { fraction }: Random, seed: number) {
  await using server = await startSandbox({ httpPort: null, seed, keepPoints: 1e7 });
  const folder = temporaryFolder();
  const stateDir = join(folder, "state");
  const { port } = server;
  using board = agentBoard({ folder, stateDir, deviceName, port, toml });
  const handed = nothingHandedIn();
  const tookMs: number[] = [];
  const program = handIn(board.socket, handed);
  for (let stop = 1; stop <= stops; stop++) {
    server.setFaults({ outage: fraction() < 0.5 });
    const life = board.start();
    await life.ready();
    await Promise.race([after(fraction() * LONGEST_LIFE_MS), life.ended]);
    const startMs = performance.now();
    life.child.kill("SIGTERM");
    const context = `${deviceName}, stop ${stop}, seed ${seed}`;
    expect(await life.ended, `${context}: ${life.stderr()}`).toBe(0);
    tookMs.push(performance.now() - startMs);
    await expectAllAccounted({ handed, server, deviceName, stateDir }, context);
  }
  program.stop();
  return { tookMs, accepted: handed.accepted.size };
}

proof(
  32,
  "SIGTERM ends it within 2 s, and all that was accepted is there",
  async ({ seed, random, count }) => {
    const stops = count(200) / BOARDS;
    const boards = Array.from({ length: BOARDS }, (_, index) => {
      const own = seededRandom(Math.floor(random.fraction() * 2 ** 32));
      return ordeal(`board-${index}`, stops, own, seed + index);
    });
    const done = await allDone(boards);
    const tookMs = done.flatMap((each) => each.tookMs).toSorted((one, other) => one - other);
    const [medianMs, worstMs] = [tookMs[Math.floor(tookMs.length / 2)] ?? 0, tookMs.at(-1) ?? 0];
    const within = tookMs.filter((ms) => ms <= STOP_MS).length;
    expect(medianMs).toBeLessThan(STOP_MS);
    expect(worstMs).toBeLessThan(SLACK * STOP_MS);
    const accepted = done.reduce((sum, each) => sum + each.accepted, 0);
    return (
      `${within} of ${tookMs.length} ended within 2 s (median ${Math.round(medianMs)} ms, ` +
      `worst ${Math.round(worstMs)} ms), ${accepted} readings accepted, 0 lost`
    );
  },
);

/** Later than two signals that mean one Ctrl-C. */
const ASKED_AGAIN_MS = 700;

proof(32, "a second SIGTERM ends it at once, even while the disk hangs", async () => {
  const folder = temporaryFolder();
  const stateDir = join(folder, "state");
  using board = agentBoard({ folder, stateDir, deviceName: "a", port: DISCARD_PORT, toml });
  const life = board.start({ imports: [hungDisk] });
  await life.ready();
  await life.seen(/the disk hangs/);
  life.child.kill("SIGTERM");
  const first = await Promise.race([after(ASKED_AGAIN_MS), life.ended]);
  expect(first, "it had no reason to wait").toBe(undefined);
  const startMs = performance.now();
  life.child.kill("SIGTERM");
  expect(await life.ended).toBe("SIGTERM");
  return `ended ${Math.round(performance.now() - startMs)} ms after the second one`;
});
