import {
  chmodSync,
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import type { Identity } from "../credentials.ts";
import { AgentError } from "../errors.ts";
import type { IdentityStore, Logger } from "../ports.ts";
import { decodeIdentity, encodeIdentity } from "./credentials-file.ts";
import { durableWrite, syncDirectory } from "./durable-write.ts";
import { errnoOf } from "./errno.ts";

const emptyIdentity: Identity = { claim: null, active: null, kept: [] };

/** `credentials.json` and its previous generation `credentials.json.bak`, both 0600 in the state folder. */
export function credentialStore(directory: string, log: Logger): IdentityStore {
  const file = join(directory, "credentials.json");
  const previous = `${file}.bak`;

  const load = (): Identity => {
    const current = readGeneration(file, log);
    if (current) return current;
    const older = readGeneration(previous, log);
    if (older) log.warn("credentials restored from the previous generation", { file: previous });
    return older ?? emptyIdentity;
  };

  const save = (identity: Identity): void => {
    const before = existsSync(file) ? readGeneration(file, log) : null;
    writeGeneration(identity);
    // A lost token cannot be asked for again: no generation may be left that lacks it.
    if (before?.active?.accessToken !== identity.active?.accessToken) writeGeneration(identity);
  };

  const writeGeneration = (identity: Identity): void => {
    const content = encodeIdentity(identity);
    try {
      keepAs(previous, file);
      durableWrite(file, content);
    } catch (error) {
      throw new AgentError("storage", `${file} could not be written (${errnoOf(error) ?? error})`, {
        cause: error,
        hint: `free some space, or give user pipit the right to write in ${directory}`,
      });
    }
    // Whatever the server is told next rests on these bytes: read them back.
    if (readFileSync(file, "utf8") !== content) {
      throw new AgentError("storage", `${file} reads back differently from what was written`, {
        hint: "the card is failing: replace it",
      });
    }
  };

  return { load, save };
}

/** The name `to` for the file `from`, made so that `to` is always either the old or the new file. */
function keepAs(to: string, from: string): void {
  if (!existsSync(from)) return;
  const step = `${to}.tmp`;
  rmSync(step, { force: true });
  linkSync(from, step);
  renameSync(step, to);
}

/** Null when the file is absent or damaged; a damaged one is set aside for the operator, never deleted. */
function readGeneration(file: string, log: Logger): Identity | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw new AgentError("storage", `${file} cannot be read (${errnoOf(error) ?? error})`, {
      cause: error,
      hint: "run as user pipit, or repair the owner: sudo chown -R pipit /var/lib/pipit",
    });
  }
  const decoded = decodeIdentity(text);
  if (decoded.ok) {
    repairMode(file, log);
    return decoded.identity;
  }
  if (decoded.newer) {
    throw new AgentError("config", `${file} was written by a newer Pipit: ${decoded.reason}`, {
      hint: "install that version again; nothing was changed",
    });
  }
  log.error("credentials file is damaged, set aside", {
    file: setAside(file),
    reason: decoded.reason,
  });
  return null;
}

function setAside(file: string): string {
  let n = 1;
  while (existsSync(`${file}.corrupt-${n}`)) n++;
  const aside = `${file}.corrupt-${n}`;
  renameSync(file, aside);
  syncDirectory(join(file, ".."));
  return aside;
}

function repairMode(file: string, log: Logger): void {
  const mode = statSync(file).mode & 0o777;
  if (mode === 0o600) return;
  chmodSync(file, 0o600);
  log.warn("credentials file was open to others, mode repaired", {
    file,
    mode: mode.toString(8),
  });
}
