import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { AgentError } from "../errors.ts";
import { discard } from "./discard.ts";
import { errnoOf } from "./errno.ts";
import { ownerRuns, ownerText, pidOf, pidRuns } from "./lock-owner.ts";
import { readWhole } from "./read-whole.ts";
import { setAside } from "./set-aside.ts";
import { storageError } from "./storage-error.ts";

/** Each try meets another process that took or gave back the lock in that very moment. */
const MOST_TRIES = 100;

/** The lock, and what a process has beside it while it takes it, with its pid. */
export const lockNames = /^(?:lock|\.lock\.(\d{1,10})(?:\.stale)?)$/;

/** Ten times what an owner writes. */
const LARGEST_OWNER_BYTES = 1_024;

/**
 * One agent a state folder: two would hand the same readings in twice and race for the credentials.
 * The lock is a file that names its owner by pid, start time and boot, so that no crash leaves a lock behind:
 * an owner that no longer runs is no owner. It holds within one pid namespace: of two containers that share the
 * folder each takes the other's owner for one that no longer runs.
 *
 * Disposing never throws: a lock that the disk does not let go goes stale with its process.
 * @throws AgentError `transient` when another process holds it; `storage` when the folder cannot be written, its
 *   `cause` the system's error
 */
export function lockState(directory: string, alive = ownerRuns): Disposable {
  const lock = join(directory, "lock");
  const mine = join(directory, `.lock.${process.pid}`);
  const owner = ownerText(process.pid);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    discard(mine); // of a process that had our pid: it may be anything
    writeFileSync(mine, owner, { mode: 0o600, flag: "wx" });
    take(lock, mine, alive);
  } catch (error) {
    throw storageError(`the state folder ${directory} cannot be written`, directory, error);
  } finally {
    discard(mine);
  }
  sweepLeftovers(directory);
  return { [Symbol.dispose]: () => giveBack(lock, owner) };
}

function take(lock: string, mine: string, alive: (owner: string) => boolean): void {
  for (let tries = 0; !tryLink(mine, lock); tries++) {
    if (tries === MOST_TRIES) {
      throw new AgentError("transient", `${lock} keeps changing hands`, { hint: "try again" });
    }
    removeStale(lock, `${mine}.stale`, alive);
  }
}

/** link(2) fails when the name exists: that makes it the one atomic test-and-set of a file system. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

function removeStale(lock: string, aside: string, alive: (owner: string) => boolean): void {
  const owner = readOwner(lock);
  if (owner === null) return; // it has just been given back
  if (owner !== "" && alive(owner)) throw heldBy(owner);
  try {
    if (lstatSync(lock).isDirectory()) removeFolder(lock);
    else renameSync(lock, aside);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  // Between the look and the rename another process may have taken the lock: then it goes back.
  const moved = readOwner(aside);
  if (moved !== null && moved !== owner) tryLink(aside, lock);
  discard(aside);
}

/** One with something in it is the operator's to look at. */
function removeFolder(lock: string): void {
  try {
    rmdirSync(lock);
  } catch (error) {
    if (errnoOf(error) !== "ENOTEMPTY") throw error;
    setAside(lock);
  }
}

const heldBy = (owner: string) =>
  new AgentError("transient", `another pipit (pid ${pidOf(owner)}) uses this state folder`, {
    hint: "stop it first: sudo systemctl stop pipit",
    code: "P011",
  });

/** Null when there is no lock; "" for one that no agent wrote: a link, a FIFO, a folder. */
function readOwner(lock: string): string | null {
  const content = readWhole(lock, { limitBytes: LARGEST_OWNER_BYTES, noFollow: true });
  if (content === "not a file") return "";
  return content && new TextDecoder().decode(content.bytes);
}

/** Whoever thought us dead may hold it by now: only a lock that names us is ours to remove. */
function giveBack(lock: string, owner: string): void {
  try {
    if (readOwner(lock) === owner) discard(lock);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error; // else it goes stale
  }
}

/** What killed processes left in the middle of `take`; those of a pid that runs may be in use this moment. */
function sweepLeftovers(directory: string): void {
  try {
    for (const name of readdirSync(directory)) {
      const pid = Number(lockNames.exec(name)?.[1]);
      if (pid > 0 && (pid === process.pid || !pidRuns(pid))) discard(join(directory, name));
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error; // they do no harm
  }
}
