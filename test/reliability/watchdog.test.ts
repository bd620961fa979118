import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect } from "vitest";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { agentBoard } from "../support/agent-board.ts";
import { allDone } from "../support/all-done.ts";
import { handIn, nothingHandedIn } from "../support/handed-in.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { allIsDelivered, expectAllAccounted } from "../support/whereabouts.ts";
import { proof } from "./proof.ts";

/** WatchdogSec=1: a ping every half second. */
const WATCHDOG_MS = 1_000;
/** systemd would have ended it by then. */
const WATCHED_MS = 2 * WATCHDOG_MS;
const toml = `[telemetry]\ninterval = "1s"\n[publish]\non_change = true\n`;
const DRAIN_MS = 60_000;
const stuckLoop = join(import.meta.dirname, "stuck-loop.ts");

const ways = [
  { how: "busy loop", signal: "SIGUSR2" },
  { how: "SIGSTOP", signal: "SIGSTOP" },
] as const;

/** Resolves to how many readings it had accepted when it hung. */
async function hang({ how, signal }: (typeof ways)[number], seed: number): Promise<number> {
  await using server = await startSandbox({ httpPort: null, seed, keepPoints: 1e7 });
  const folder = temporaryFolder();
  const stateDir = join(folder, "state");
  using board = agentBoard({ folder, stateDir, deviceName: "a", port: server.port, toml });
  const handed = nothingHandedIn();
  const program = handIn(board.socket, handed);
  const pings = () => board.notifications.filter((message) => message === "WATCHDOG=1").length;
  const env = { WATCHDOG_USEC: String(WATCHDOG_MS * 1_000) };

  const life = board.start({ imports: [stuckLoop], env });
  await expect.poll(pings, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
  life.child.kill(signal);
  // One may have been on its way.
  await after(WATCHDOG_MS);
  const before = pings();
  await after(WATCHED_MS);
  expect(pings(), `pings during a ${how}`).toBe(before);
  program.stop();
  const accepted = handed.accepted.size;
  expect(accepted).toBeGreaterThan(0);

  // What systemd does: SIGABRT, and a new start (test/system/systemd.test.ts sees the real one do it).
  life.child.kill("SIGABRT");
  if (signal === "SIGSTOP") life.child.kill("SIGCONT");
  expect(await life.ended).toBe("SIGABRT");
  await expectAllAccounted({ handed, server, deviceName: "a", stateDir }, how);
  const next = board.start({ env });
  await next.ready();
  await expect.poll(pings, { timeout: 20_000 }).toBeGreaterThan(before);
  const delivered = () => allIsDelivered(handed, server, "a");
  await expect.poll(delivered, { timeout: DRAIN_MS }).toBe(true);
  next.child.kill("SIGTERM");
  expect(await next.ended).toBe(0);
  return accepted;
}

proof(33, "a main loop that is stuck feeds no watchdog, and loses nothing", async ({ seed }) => {
  const accepted = await allDone(ways.map((way, index) => hang(way, seed + index)));
  const told = ways.map(({ how }, index) => `${how}: 0 pings, ${accepted[index]} accepted, 0 lost`);
  return told.join("; ");
});
