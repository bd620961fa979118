import { join } from "node:path";
import { type Identity, proofOf } from "../credentials.ts";
import { AgentError } from "../errors.ts";
import type { IdentityStore, Logger } from "../ports.ts";
import { encodeIdentity } from "./credentials-file.ts";
import { LARGEST_CREDENTIALS_BYTES, readGeneration } from "./credentials-generation.ts";
import { discard } from "./discard.ts";
import { durableWrite } from "./durable-write.ts";
import { type Files, systemFiles } from "./files.ts";
import { readWhole } from "./read-whole.ts";
import { setAside } from "./set-aside.ts";
import { storageError } from "./storage-error.ts";

const emptyIdentity: Identity = { claim: null, active: null, kept: [] };

/** `credentials.json` and its previous generation `credentials.json.bak`, both 0600 in the state folder. */
export function credentialStore(
  directory: string,
  log: Logger,
  files: Files = systemFiles,
): IdentityStore {
  const file = join(directory, "credentials.json");
  const previous = `${file}.bak`;

  const load = (): Identity => {
    const current = readGeneration(file, { files, log });
    if (current) return current;
    const older = readGeneration(previous, { files, log });
    if (older) log.warn("credentials restored from the previous generation", { file: previous });
    return older ?? emptyIdentity;
  };

  const save = (identity: Identity): void => {
    const before = readGeneration(file, { files, log });
    const content = encodeIdentity(identity);
    // A damaged file that could not be set aside must not take the place of a good previous generation.
    writeGeneration(content, before !== null);
    // A lost token, or key, cannot be asked for again: no generation may be left that lacks it.
    if (proofIn(before) !== proofIn(identity)) writeGeneration(content, true);
  };

  const writeGeneration = (content: string, keepCurrent: boolean): void => {
    const bytes = Buffer.from(content);
    if (bytes.length > LARGEST_CREDENTIALS_BYTES) {
      throw new AgentError("bug", `credentials of ${bytes.length} bytes would not be read again`);
    }
    // Whatever the server is told next rests on these bytes: read them back.
    if (!written(bytes, keepCurrent).equals(bytes)) {
      throw new AgentError("storage", `${file} reads back differently from what was written`, {
        hint: "the card is failing: replace it",
      });
    }
  };

  const written = (bytes: Buffer, keepCurrent: boolean): Buffer => {
    try {
      if (keepCurrent) keepAs(previous, file, files);
      durableWrite(file, bytes, files);
      const back = readWhole(file, { limitBytes: LARGEST_CREDENTIALS_BYTES, files });
      return Buffer.from(back === null || back === "not a file" ? [] : back.bytes);
    } catch (error) {
      throw storageError(`${file} could not be written`, directory, error);
    }
  };

  return { load, save };
}

const proofIn = (identity: Identity | null) => (identity?.active ? proofOf(identity.active) : null);

/** The name `to` for the file `from`, made so that `to` is always either the old or the new file. */
function keepAs(to: string, from: string, files: Files): void {
  const step = `${to}.tmp`;
  // unlink(2) removes and rename(2) replaces whatever there is, except a folder.
  for (const path of [step, to]) if (files.factsOf(path)?.isFolder) setAside(path, files);
  discard(step, files);
  files.link(from, step);
  files.rename(step, to);
}
