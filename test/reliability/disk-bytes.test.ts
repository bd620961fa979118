import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect } from "vitest";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { agentBoard } from "../support/agent-board.ts";
import { allDone } from "../support/all-done.ts";
import { ext4Image } from "../support/ext4-image.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitingIn } from "../support/waiting.ts";
import { timesOf } from "../support/whereabouts.ts";
import { proof } from "./proof.ts";

interface Cadence {
  readonly intervalS: number;
  /** How often ext4 commits its own journal, which a change of a file's times makes it do; 5 s unless told otherwise. */
  readonly commitS: number;
  readonly reports: number;
  /** Before the measurement: what a start costs once is over. */
  readonly warmUp: number;
}

const DAY_S = 86_400;
/** The samples, three of ext4's journal, and the inode in its place. */
const MOST_BLOCKS = 5;
const DEFAULT_INTERVAL_S = 60;
const MOST_MEGABYTES_A_DAY = 45;
const MOST_AT_DEFAULT_INTERVAL = 8;
const DISCARD_PORT = 9;
/** What docs/read-only-root.md tells to mount a root with that has the state on it. */
const SPARING_COMMIT_S = 300;

/** A card's root; more than keep_free. */
const root = { megabytes: 400, blockBytes: 4_096 };
/** The partition for the state of docs/read-only-root.md. */
const partition = { megabytes: 256, blockBytes: 1_024 };

/** Bytes that reach the device per report of the real agent, with the settings it comes with. */
async function bytesPerReport(
  fileSystem: typeof root,
  cadence: Cadence,
  isOnline: boolean,
  seed: number,
): Promise<number> {
  const { intervalS, commitS, reports, warmUp } = cadence;
  const delivered = Promise.withResolvers<void>();
  await using server = await startSandbox({
    ...{ httpPort: null, seed },
    onEvent({ path, code }) {
      if (path === "telemetry" && code === "2.01") delivered.resolve();
    },
  });
  const folder = temporaryFolder();
  await using card = await ext4Image({ ...fileSystem, folder, options: `commit=${commitS}` });
  const stateDir = join(card.folder, "state");
  const port = isOnline ? server.port : DISCARD_PORT;
  const toml = `[telemetry]\ninterval = "${intervalS}s"\n`;
  using board = agentBoard({ folder, stateDir, deviceName: "a", port, toml });
  const life = board.start();
  await life.ready();
  if (isOnline) await delivered.promise; // credentials are written before that, and soon after it what the inventory found
  await after(1_000 * intervalS * warmUp);
  /** Of both ends: what is still to be written for the reports before counts for them. */
  const settled = () => {
    expect(spawnSync("sync", ["--file-system", card.folder]).status).toBe(0);
    return { at: Date.now(), bytes: card.bytesWritten() };
  };
  const from = settled();
  await after(1_000 * intervalS * reports);
  const to = settled();
  life.child.kill("SIGTERM");
  expect(await life.ended, life.stderr()).toBe(0);
  const waiting = await waitingIn(stateDir);
  const taken = timesOf(server, "a", waiting).filter((ts) => ts > from.at && ts <= to.at);
  // Slower looks (the disk, every 5 min) may have had samples of their own.
  expect(Math.abs(taken.length - reports)).toBeLessThanOrEqual(2);
  if (isOnline) expect(waiting.entries.length).toBeLessThan(reports / 2);
  return (to.bytes - from.bytes) / taken.length;
}

const megabytesADay = (bytes: number, intervalS: number) =>
  Math.round((bytes * DAY_S) / intervalS / 1e5) / 10;

/** In whole bytes, offline and online. */
const bothWays = (fileSystem: typeof root, cadence: Cadence, seed: number) =>
  allDone([
    bytesPerReport(fileSystem, cadence, false, seed).then(Math.round),
    bytesPerReport(fileSystem, cadence, true, seed + 1).then(Math.round),
  ]);

/**
 * One synced write is a block of data. It changes the file's time, too, and ext4 writes that down at its next commit, by default within
 * 5 s: three blocks of its journal, and later the inode. Where nobody else writes, reports that are further apart share none of it; no
 * program can spare it, and neither can `lazytime` since Linux 6.6. What the agent can do is to write once a report, and only that. What
 * the owner of the card can do: a partition of its own, which has smaller blocks, or a longer `commit`, which costs an accepted sample
 * nothing, for it is synced.
 */
proof(
  10,
  "a report costs the card one synced write, online and offline; on a partition of its own, or with commit=300, at most 45 MB a day at 10 s",
  async ({ seed, count }) => {
    const isFull = count(1_000) === 1_000;
    // In the short form five or ten times as fast, the commits too.
    const usual = isFull
      ? { intervalS: 10, commitS: 5, reports: 30, warmUp: 1 }
      : { intervalS: 2, commitS: 1, reports: 6, warmUp: 8 };
    // ext4 itself writes more in the first ten minutes of a file system.
    const sparing = isFull
      ? { intervalS: 10, commitS: SPARING_COMMIT_S, reports: 60, warmUp: 66 }
      : { intervalS: 1, commitS: SPARING_COMMIT_S / 10, reports: 60, warmUp: 16 };
    const [onRoot = [], onPartition = [], spared = []] = await allDone([
      bothWays(root, usual, seed),
      bothWays(partition, usual, seed + 2),
      bothWays(root, sparing, seed + 4),
    ]);
    expect([onRoot, onPartition, spared].flat()).toHaveLength(6);
    const most = Math.max(...onRoot);
    expect(most).toBeLessThanOrEqual(MOST_BLOCKS * root.blockBytes);
    expect(megabytesADay(most, DEFAULT_INTERVAL_S)).toBeLessThanOrEqual(MOST_MEGABYTES_A_DAY);
    const ofPartition = megabytesADay(Math.max(...onPartition), 10);
    expect(ofPartition).toBeLessThanOrEqual(MOST_MEGABYTES_A_DAY);
    const slowly = megabytesADay(Math.max(...onPartition), DEFAULT_INTERVAL_S);
    expect(slowly).toBeLessThanOrEqual(MOST_AT_DEFAULT_INTERVAL);
    const ofSpared = megabytesADay(Math.max(...spared), 10);
    expect(ofSpared).toBeLessThanOrEqual(MOST_MEGABYTES_A_DAY);
    return (
      `ext4 alone on its device, bytes a report offline and online: on a partition of ${partition.megabytes} MB with blocks of 1 KiB ` +
      `${onPartition.join(" and ")}, ${ofPartition} MB a day at 10 s, ${slowly} MB at the default 60 s; with blocks of 4 KiB ${onRoot.join(" and ")}, ` +
      `${megabytesADay(most, 10)} MB a day at 10 s, ${megabytesADay(most, DEFAULT_INTERVAL_S)} MB at the default 60 s, and mounted with ` +
      `commit=${SPARING_COMMIT_S} ${spared.join(" and ")}, ${ofSpared} MB a day at 10 s`
    );
  },
);
