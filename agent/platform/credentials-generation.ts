import { dirname } from "node:path";
import type { Identity } from "../credentials.ts";
import { AgentError } from "../errors.ts";
import type { Logger } from "../ports.ts";
import { decodeIdentity } from "./credentials-file.ts";
import { errnoOf } from "./errno.ts";
import type { Files } from "./files.ts";
import { mayBeRead } from "./may-be-read.ts";
import { readWhole } from "./read-whole.ts";
import { setAside } from "./set-aside.ts";
import { storageError, storageHint } from "./storage-error.ts";

/** An identity with all that it may keep has about 2 KiB. */
export const LARGEST_CREDENTIALS_BYTES = 64 * 1_024;

export interface GenerationDeps {
  readonly files: Files;
  readonly log: Logger;
}

/**
 * What one credentials file holds; null when it is absent or damaged. A damaged one, and what is no file at all, is set
 * aside for the operator, never deleted; where even that fails it stays, and counts for nothing.
 * @throws AgentError `storage` when it may not be read: it may well hold the token; `config` for a newer format
 */
export function readGeneration(file: string, { files, log }: GenerationDeps): Identity | null {
  const content = readContent(file, files);
  if (content === null) return null;
  const damaged = (reason: string) => moveAway(file, reason, { files, log });
  if ("damage" in content) return damaged(content.damage);
  const decoded = decodeIdentity(content.text);
  if (decoded.ok) {
    repairMode(file, content.mode & 0o777, { files, log });
    return decoded.identity;
  }
  if (!decoded.newer) return damaged(decoded.reason);
  throw new AgentError("config", `${file} was written by a newer Pipit: ${decoded.reason}`, {
    hint: "install that version again; nothing was changed",
  });
}

type Content = { readonly text: string; readonly mode: number } | { readonly damage: string };

function readContent(file: string, files: Files): Content | null {
  try {
    const content = readWhole(file, { limitBytes: LARGEST_CREDENTIALS_BYTES, files });
    if (content === null) return null;
    if (content === "not a file") return { damage: "it is not a regular file" };
    if (content.bytes.length > LARGEST_CREDENTIALS_BYTES)
      return { damage: "it is larger than 64 KiB" };
    return { text: new TextDecoder().decode(content.bytes), mode: content.mode };
  } catch (error) {
    if (errnoOf(error) === "ELOOP") return { damage: "it is a link that leads nowhere" };
    throw storageError(`${file} cannot be read`, dirname(file), error);
  }
}

function moveAway(file: string, reason: string, { files, log }: GenerationDeps): null {
  try {
    log.error("credentials file is damaged, set aside", { file: setAside(file, files), reason });
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    log.error("credentials file is damaged, and cannot be set aside", {
      file,
      reason,
      error: code,
      hint: storageHint(code, dirname(file), file),
    });
  }
  return null;
}

function repairMode(file: string, mode: number, { files, log }: GenerationDeps): void {
  if ((mode & 0o077) === 0) return;
  const fields = { file, mode: mode.toString(8) };
  try {
    files.setMode(file, 0o600);
    log.warn("credentials file was open to others, mode repaired", {
      ...fields,
      hint: mayBeRead.token,
    });
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    log.warn("credentials file is open to others, and its mode cannot be repaired", {
      ...fields,
      error: code,
      hint: `${storageHint(code, dirname(file), file)}; then run: sudo chmod 600 ${file}; ${mayBeRead.token}`,
    });
  }
}
