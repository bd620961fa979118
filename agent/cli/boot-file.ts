import { createHash } from "node:crypto";
import { join } from "node:path";
import { LARGEST_FILE_BYTES } from "../config/decode-text.ts";
import { type ByteSpan, blanked, secretEntryIn, withoutEntry } from "../config/secret-span.ts";
import { AgentError } from "../errors.ts";
import { errnoOf } from "../platform/errno.ts";
import { overwrite } from "../platform/overwrite.ts";
import { readWhole } from "../platform/read-whole.ts";
import { storageError } from "../platform/storage-error.ts";

/** The boot partition as Raspberry Pi OS mounts it: FAT, so that any computer can write to the card. */
const bootFolderIn = (sysroot: string): string => join(sysroot, "boot/firmware");

export const bootFileIn = (sysroot: string): string => join(bootFolderIn(sysroot), "pipit.toml");

export const bootStatusIn = (sysroot: string): string =>
  join(bootFolderIn(sysroot), "pipit-status.txt");

/** What was taken over; after what packages and setup write, before the sensors of a scan. */
export const bootCopyIn = (sysroot: string): string =>
  join(sysroot, "etc/pipit/config.d/60-boot.toml");

/** Which file was taken over: by its hash without the secret, and where in it the secret was. */
export interface ImportRecord {
  readonly sha256: string;
  readonly secret: ByteSpan | null;
}

/** Null: there is none. @throws AgentError `storage` */
export function readIfAny(path: string): Uint8Array | null {
  try {
    const content = readWhole(path, { limitBytes: LARGEST_FILE_BYTES, noFollow: true });
    if (content !== "not a file") return content?.bytes ?? null;
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    throw storageError(`${path} cannot be read`, path, error);
  }
  throw new AgentError("storage", `${path} is not a regular file`, { hint: "move it away" });
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The same for a file before and after its secret was erased. */
function recordOf(bytes: Uint8Array): ImportRecord {
  const secret = secretEntryIn(bytes)?.value ?? null;
  return { sha256: sha256(secret === null ? bytes : blanked(bytes, secret)), secret };
}

/** What goes to /etc: the file without the secret, below the record of it. */
export function bootCopy(bytes: Uint8Array, from: string): Uint8Array {
  const { sha256: hash, secret } = recordOf(bytes);
  const where = secret === null ? "" : `, secret at bytes ${secret.start} to ${secret.end}`;
  const head = `# Written by Pipit from ${from}: edit that file, it is read at the next start.
# Source: sha256 ${hash}${where}
`;
  const entry = secretEntryIn(bytes);
  const body = entry === null ? bytes : withoutEntry(bytes, entry);
  return Buffer.concat([Buffer.from(head), hasMark(body) ? body.subarray(3) : body]);
}

/** A byte order mark may stand at the beginning only. */
const hasMark = (bytes: Uint8Array) => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;

/** Null: nothing was taken over, or not by us. */
export function recordIn(copy: Uint8Array | null): ImportRecord | null {
  const text = new TextDecoder().decode(copy ?? new Uint8Array());
  const found = /^# Source: sha256 ([0-9a-f]{64})(?:, secret at bytes (\d+) to (\d+))?$/m.exec(
    text,
  );
  if (found === null) return null;
  const [, hash = "", start, end] = found;
  const secret = start === undefined ? null : { start: Number(start), end: Number(end) };
  return { sha256: hash, secret };
}

/** What was taken over is this file, with its secret or without. */
export function isRecorded(bytes: Uint8Array, record: ImportRecord | null): boolean {
  return record !== null && recordOf(bytes).sha256 === record.sha256;
}

/**
 * The file with the rest of its secret erased, where the power was cut while that was being done: it does not parse, and would be the
 * recorded one without the bytes of the secret. Null: it is no such file.
 */
export function mended(bytes: Uint8Array, record: ImportRecord | null): Uint8Array | null {
  if (record === null || record.secret === null || record.secret.end > bytes.length) return null;
  const clean = blanked(bytes, record.secret);
  return sha256(clean) === record.sha256 ? clean : null;
}

/** @throws AgentError `storage` */
export function eraseFrom(path: string, bytes: Uint8Array, secret: ByteSpan): void {
  try {
    overwrite(path, blanked(bytes, secret).subarray(secret.start, secret.end), secret.start);
  } catch (error) {
    throw storageError(`the secret in ${path} could not be erased`, path, error);
  }
}
