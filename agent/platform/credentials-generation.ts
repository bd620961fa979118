import { chmodSync } from "node:fs";
import { dirname } from "node:path";
import type { Identity } from "../credentials.ts";
import { AgentError } from "../errors.ts";
import type { Logger } from "../ports.ts";
import { decodeIdentity } from "./credentials-file.ts";
import { errnoOf } from "./errno.ts";
import { readWhole } from "./read-whole.ts";
import { setAside } from "./set-aside.ts";
import { storageError, storageHint } from "./storage-error.ts";

/** An identity with all that it may keep has about 2 KiB. */
export const LARGEST_CREDENTIALS_BYTES = 64 * 1_024;

/**
 * What one credentials file holds; null when it is absent or damaged. A damaged one, and what is no file at all, is set
 * aside for the operator, never deleted; where even that fails it stays, and counts for nothing.
 * @throws AgentError `storage` when it may not be read: it may well hold the token; `config` for a newer format
 */
export function readGeneration(file: string, log: Logger): Identity | null {
  const content = readContent(file);
  if (content === null) return null;
  if ("damage" in content) return damaged(file, content.damage, log);
  const decoded = decodeIdentity(content.text);
  if (decoded.ok) {
    repairMode(file, content.mode & 0o777, log);
    return decoded.identity;
  }
  if (!decoded.newer) return damaged(file, decoded.reason, log);
  throw new AgentError("config", `${file} was written by a newer Pipit: ${decoded.reason}`, {
    hint: "install that version again; nothing was changed",
  });
}

type Content = { readonly text: string; readonly mode: number } | { readonly damage: string };

function readContent(file: string): Content | null {
  try {
    const content = readWhole(file, { limitBytes: LARGEST_CREDENTIALS_BYTES });
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

function damaged(file: string, reason: string, log: Logger): null {
  try {
    log.error("credentials file is damaged, set aside", { file: setAside(file), reason });
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

function repairMode(file: string, mode: number, log: Logger): void {
  if ((mode & 0o077) === 0) return;
  const fields = { file, mode: mode.toString(8) };
  try {
    chmodSync(file, 0o600);
    log.warn("credentials file was open to others, mode repaired", fields);
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    log.warn("credentials file is open to others, and its mode cannot be repaired", {
      ...fields,
      error: code,
      hint: storageHint(code, dirname(file), file),
    });
  }
}
