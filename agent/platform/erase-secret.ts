import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ERASED } from "../config/secret-sources.ts";
import type { ProvisionSecret } from "../ports.ts";
import { errnoOf } from "./errno.ts";
import { overwriteIn } from "./overwrite.ts";

/** It lies where only its owner may take it away. */
export const keptSecret: ProvisionSecret = { spend: () => false };

const { O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants;

/** The system does not let us: the file, or where it lies, is another's. */
const isDenied = (code: string | undefined) =>
  ["EACCES", "EPERM", "EROFS", "ELOOP", "ENOENT", "ENXIO", "EISDIR"].includes(code ?? "");

/**
 * Writes over the secret where it lies, so that neither name nor owner of the file changes; it is on the disk when this returns.
 * A flash card may keep the old block all the same. False: the file is not ours, or holds something else by now.
 * @throws the system's error (EIO, ENOSPC…), `code` set
 */
export function eraseSecret(path: string, secret: string, stateDir: string): boolean {
  let file: number;
  try {
    file = openSync(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (isDenied(errnoOf(error))) return false;
    throw error;
  }
  try {
    const { size, uid } = fstatSync(file);
    // To root every file is its own: there only the state folder is certain to be the agent's.
    if (uid !== process.geteuid?.() || (uid === 0 && !isIn(path, stateDir))) return false;
    if (textOf(file, size) !== secret) return false;
    // As long as what it replaces, in one write: nothing of the secret is left, wherever the power is cut.
    const line = Buffer.from(ERASED);
    const cover = Buffer.alloc(Math.max(size, line.length), "\n");
    cover.set(line);
    overwriteIn(file, cover, 0);
    return true;
  } finally {
    closeSync(file);
  }
}

const isIn = (path: string, folder: string) => dirname(resolve(path)) === resolve(folder);

function textOf(file: number, size: number): string {
  const bytes = Buffer.alloc(size);
  return bytes.toString("utf8", 0, readSync(file, bytes, 0, size, 0)).trim();
}
