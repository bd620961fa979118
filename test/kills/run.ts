/**
 * npm run test:kill -- --kills 500 [--seed N]
 *
 * Kills the real `pipit provision` at every named step and at random moments, while the sandbox's answers are lost, late or
 * doubled, then lets it finish. Each device must end up provisioned exactly once, with credentials that the server accepts.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Faults, type Sandbox, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { keepProof } from "../reliability/proof-line.ts";
import { tokenOf } from "../support/identities.ts";
import { chosenSeed, seededRandom } from "../support/seeded-random.ts";
import { createBoard } from "./board.ts";
import { type Step, steps } from "./steps.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "500" },
    seed: { type: "string" },
    parallel: { type: "string", default: "3" },
  },
});
const wantedKills = Number(values.kills);
const seed = values.seed === undefined ? chosenSeed() : Number(values.seed);
const { fraction } = seededRandom(seed);
const folder = mkdtempSync(join(tmpdir(), "pipit-kills-"));

/** Beyond this a board is hung: with lost answers a whole CoAP exchange takes five seconds at ack_timeout 100 ms. */
const HUNG_MS = 60_000;
const MOST_RUNS_TO_FINISH = 5;

const killsAt = new Map<Step, number>(steps.map((step) => [step, 0]));
const problems: string[] = [];
const tally = { kills: 0, boards: 0, stranded: 0, duplicates: 0, torn: 0 };
let underWay = 0;
let usualMs = 500;

const troubles: readonly Partial<Faults>[] = [
  {},
  {},
  { dropProvisionAnswers: 1 },
  { dropAnswers: 1 },
  { lateProvisionAnswerMs: 300 },
  { duplicate: 100 },
];
const noTrouble: Partial<Faults> = {
  dropProvisionAnswers: 0,
  dropAnswers: 0,
  lateProvisionAnswerMs: 0,
  duplicate: 0,
};
const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(fraction() * from.length)];

async function ordeal(server: Sandbox, name: string, deviceName: string): Promise<void> {
  const board = createBoard(join(folder, name), deviceName, server.port);
  const blows = 1 + Math.floor(fraction() * 3);
  for (let blow = 0; blow < blows && tally.kills + underWay < wantedKills; blow++) {
    const step = leastKilled();
    server.setFaults({ ...noTrouble, ...pick(troubles) });
    const atRandom = step === "at a random moment";
    // A step may be out of reach (the claim is stored already, or the answer was dropped): then the axe falls anyway.
    const killAfterMs = atRandom ? fraction() * usualMs : 2_000 + fraction() * 2_000;
    underWay++;
    const { killedAt } = await board.run(atRandom ? null : step, killAfterMs);
    underWay--;
    if (killedAt) count(killedAt);
    if (board.stored() === "torn") fail("torn", name, `after a kill ${killedAt}`);
    if (!killedAt) break; // it had finished before
  }
  server.setFaults(noTrouble);
  await finish(server, board, name);
}

/** The step with the fewest kills so far, so that all are met about equally often. */
const leastKilled = (): Step =>
  steps.reduce((least, step) =>
    (killsAt.get(step) ?? 0) < (killsAt.get(least) ?? 0) ? step : least,
  );

type Board = ReturnType<typeof createBoard>;

async function finish(server: Sandbox, board: Board, name: string): Promise<void> {
  let stderr = "";
  for (let attempt = 0; attempt < MOST_RUNS_TO_FINISH; attempt++) {
    const startMs = performance.now();
    const outcome = await board.run(null, HUNG_MS);
    stderr = outcome.stderr;
    if (outcome.exitCode === 0) {
      usualMs = performance.now() - startMs;
      return judge(server, board, name);
    }
  }
  fail("stranded", name, stderr.trim());
}

/** Exit 0 means that the server has accepted the stored token; the rest is asked of the disk and the server. */
function judge(server: Sandbox, board: Board, name: string): void {
  tally.boards++;
  const stored = board.stored();
  const token = stored === "torn" ? undefined : tokenOf(stored?.active);
  const tokens = Object.keys(server.state().devices).map((device) => server.accessTokenOf(device));
  if (stored === "torn") fail("torn", name, "at the end");
  else if (token === undefined) fail("stranded", name, "no active credentials at the end");
  else if (tokens.filter((held) => held === token).length !== 1) {
    fail("stranded", name, "the stored token is not that of exactly one device");
  }
}

function count(step: Step): void {
  tally.kills++;
  if (tally.kills % 50 === 0) process.stderr.write(`${tally.kills} of ${wantedKills} kills\n`);
  killsAt.set(step, (killsAt.get(step) ?? 0) + 1);
}

function fail(kind: "stranded" | "duplicates" | "torn", name: string, detail: string): void {
  tally[kind]++;
  problems.push(`${kind}: ${name}: ${detail}`);
}

async function worker(index: number): Promise<void> {
  await using server = await startSandbox({ httpPort: null, seed: seed + index });
  let round = 0;
  while (tally.kills + underWay < wantedKills) {
    const name = `board-${index}-${round}`;
    await ordeal(server, name, round % 3 === 0 ? "" : name);
    round++;
  }
  // As many devices as boards. A third of the boards let the server make the name, so nothing but the claim's token
  // stands between a repeated request and a second device.
  const devices = Object.keys(server.state().devices).length;
  if (devices !== round)
    fail("duplicates", `worker ${index}`, `${devices} devices, ${round} boards`);
}

process.stdout.write(`seed ${seed}\n`);
try {
  await Promise.all(Array.from({ length: Number(values.parallel) }, (_, index) => worker(index)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const verdict = `${tally.kills} kills, ${tally.stranded} stranded, ${tally.duplicates} duplicate devices, ${tally.torn} torn files`;
const report = [
  ...[...killsAt].map(([step, kills]) => `${String(kills).padStart(6)} ${step}`),
  ...problems,
  `${tally.boards} boards provisioned`,
  verdict,
];
process.stdout.write(`${report.join("\n")}\n`);
const missed = [...killsAt].filter(([, kills]) => kills === 0).map(([step]) => step);
if (missed.length > 0) process.stdout.write(`never killed: ${missed.join(", ")}\n`);
if (problems.length + missed.length > 0) process.exitCode = 1;
else keepProof({ row: "2", name: "kills", result: verdict, seed });
