import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AgentError } from "../errors.ts";
import { errnoOf } from "./errno.ts";

/**
 * One agent a state folder: two would hand the same readings in twice and race for the credentials.
 * The lock is a file that names its owner by pid, start time and boot, so that no crash leaves a lock behind:
 * an owner that no longer runs is no owner.
 *
 * @throws AgentError `transient` when another process holds it, `storage` when the folder cannot be written
 */
export function lockState(directory: string, alive = isAlive): Disposable {
  const lock = join(directory, "lock");
  const mine = join(directory, `.lock.${process.pid}`);
  const owner = ownerText(process.pid);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(mine, owner, { mode: 0o600 });
    while (!tryLink(mine, lock)) removeStale(lock, `${mine}.stale`, alive);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError("storage", `the state folder ${directory} cannot be written`, {
      cause: error,
      hint: `give its user the right (sudo chown pipit ${directory}), or choose another with --state DIR`,
    });
  } finally {
    rmSync(mine, { force: true });
  }
  return { [Symbol.dispose]: () => rmSync(lock, { force: true }) };
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
  if (alive(owner)) throw heldBy(owner);
  try {
    renameSync(lock, aside);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  // Between the look and the rename another process may have taken the lock: then it goes back.
  if (readOwner(aside) !== owner) tryLink(aside, lock);
  rmSync(aside, { force: true });
}

const heldBy = (owner: string) =>
  new AgentError("transient", `another pipit (pid ${owner.split(" ")[0]}) uses this state folder`, {
    hint: "stop it first: sudo systemctl stop pipit",
    code: "P011",
  });

function readOwner(lock: string): string | null {
  try {
    return readFileSync(lock, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

const isAlive = (owner: string): boolean => {
  const pid = Number(owner.split(" ")[0]);
  return Number.isInteger(pid) && pid > 0 && ownerText(pid) === owner;
};

/** "812 4711 6f1c…": pids come round again, a pid with its start time (proc(5), stat field 22) in one boot does not. */
function ownerText(pid: number): string {
  const boot = readText("/proc/sys/kernel/random/boot_id");
  const fields = readText(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, "")
    .split(" ");
  return `${pid} ${fields[19] ?? "0"} ${boot.trim()}\n`;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return "";
    throw error;
  }
}
