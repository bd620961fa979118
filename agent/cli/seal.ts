import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { placeholdersIn } from "../config/device-name.ts";
import { SECRET_NAME } from "../platform/config-files.ts";
import { errnoOf } from "../platform/errno.ts";
import { systemFiles } from "../platform/files.ts";
import { lockNames, lockState } from "../platform/state-lock.ts";
import { isNameOfOurs } from "../platform/state-modes.ts";
import { storageError } from "../platform/storage-error.ts";
import type { Command } from "./command.ts";
import { becomeOwnerOf } from "./drop-privileges.ts";
import { EXIT } from "./exit-codes.ts";
import { readConfig } from "./read-config.ts";
import { stateDirOf } from "./state-dir.ts";

export const seal: Command = {
  name: "seal",
  summary: "make this card ready to be cloned: configuration and secret stay",
  options: { "dry-run": { type: "boolean", help: "say what would be removed, change nothing" } },
  async run({ shell, options }) {
    const dryRun = options["dry-run"] === true;
    const stateDir = stateDirOf(shell, options);
    // While root still may read all of it.
    const { config } = await readConfig(shell, options);
    becomeOwnerOf(stateDir, shell);
    const names = dryRun ? namesIn(stateDir) : sealed(stateDir);
    const ours = names.filter(isToGo);
    for (const name of ours)
      shell.out(`${dryRun ? "would remove" : "removed"}  ${join(stateDir, name)}`);
    if (ours.length === 0) shell.out(`nothing to remove in ${stateDir}`);
    for (const name of names.filter((each) => !isNameOfOurs(each)))
      shell.out(`kept     ${join(stateDir, name)}: not Pipit's, look at it yourself`);
    shell.out(
      `kept     configuration${hasSecret(config.provisioning) ? " and provisioning secret" : ""}`,
    );
    for (const note of hindrances(config)) shell.err(note);
    for (const line of ofTheSystem) shell.out(line);
    return EXIT.ok;
  },
};

/** The lock is taken while this runs, and gone afterwards. */
const isToGo = (name: string): boolean =>
  isNameOfOurs(name) && name !== SECRET_NAME && !lockNames.test(name);

/**
 * Credentials first: cut off anywhere, it leaves no image with a token and without the rest that belongs to it. Returns the names that
 * were there. @throws AgentError `transient` while an agent runs, `storage` where something cannot be removed
 */
function sealed(stateDir: string): readonly string[] {
  // The lock would make a folder that is not there.
  if (namesIn(stateDir).length === 0) return [];
  using _lock = lockState(stateDir);
  // Not before: an agent that was stopping may have written, or removed, until it let go of the lock.
  const names = namesIn(stateDir);
  try {
    for (const name of names.filter(isToGo)) rmSync(join(stateDir, name), { recursive: true });
    systemFiles.syncFolder(stateDir);
  } catch (error) {
    throw storageError(`${stateDir} is not sealed`, stateDir, error);
  }
  return names;
}

/** In the order of the alphabet; none where there is no such folder. @throws AgentError `storage` */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw storageError(`the state folder ${folder} cannot be read`, folder, error);
  }
}

/** What would keep boards of this image from becoming devices, each one of its own. */
function hindrances({ server, provisioning }: Config): readonly string[] {
  const { device_name: name } = provisioning;
  const found: string[] = [];
  if (server.client_cert !== null)
    found.push(
      `note: client_cert in [server] is the certificate of one device: give each board its own before it starts`,
    );
  else if (!hasSecret(provisioning))
    found.push(`note: there is no provisioning key and secret here, a used one is erased (keep_secret = false):
      boards from this image wait with P026. Give both to the image, or to each board: docs/first-boot.md`);
  if (!["auto", ""].includes(name) && placeholdersIn(name).length === 0)
    found.push(
      `note: device_name = "${name}" in [provisioning] is the same for all boards, the server takes the first only: add {serial8}`,
    );
  return found;
}

const hasSecret = ({ key, secret }: Config["provisioning"]) => key !== null && secret !== null;

const ofTheSystem = [
  "",
  "Of the system itself, before the image is made, with your own commands:",
  "  sudo truncate --size 0 /etc/machine-id && sudo rm -f /var/lib/dbus/machine-id /var/lib/systemd/random-seed",
  "  sudo rm -f /etc/ssh/ssh_host_*_key*     # made anew by: sudo ssh-keygen -A, at the first start of each board",
  "  sudo rm -f /boot/firmware/pipit-status.txt",
  "  sudo fstrim --all                       # what was removed may still lie in free blocks",
  "  sudo poweroff",
];
