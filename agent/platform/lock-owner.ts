import { readFileSync } from "node:fs";
import { errnoOf } from "./errno.ts";

/** "812 4711 6f1c…": pids come round again, a pid with its start time (proc(5), stat field 22) in one boot does not. */
export function ownerText(pid: number): string {
  const boot = readText("/proc/sys/kernel/random/boot_id");
  const fields = readText(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, "")
    .split(" ");
  return `${pid} ${fields[19] ?? "0"} ${boot.trim()}\n`;
}

export const pidOf = (owner: string): number => Number(owner.split(" ")[0]);

/** Whether the very process that wrote `owner` still runs. */
export function ownerRuns(owner: string): boolean {
  const pid = pidOf(owner);
  return Number.isInteger(pid) && pid > 0 && ownerText(pid) === owner;
}

/**
 * The same by somebody else, of what lies in a folder that no boot outlives. /proc mounted with hidepid shows a stranger neither the
 * start time nor the absence of a process; and in a container (systemd-nspawn) a unit with ProtectKernelTunables= sees the boot id of the
 * host, so that is not compared.
 */
export function ownerSeemsToRun(owner: string): boolean {
  const [pid = "", started = ""] = owner.split(" ");
  const [, seen] = ownerText(Number(pid)).split(" ");
  const isHidden = seen === "0";
  return (!isHidden && seen === started) || (isHidden && pidRuns(Number(pid)));
}

/** Whether any process has this pid. */
export function pidRuns(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ESRCH"; // EPERM: it runs, and is somebody else's
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return "";
    throw error;
  }
}
