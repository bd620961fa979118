import { formatProblem } from "../config/problem.ts";
import { secretEntryIn } from "../config/secret-span.ts";
import { AgentError } from "../errors.ts";
import { isSystemdRunning } from "../platform/systemd-running.ts";
import {
  bootCopy,
  bootCopyIn,
  bootFileIn,
  bootStatusIn,
  eraseFrom,
  type ImportRecord,
  isRecorded,
  mended,
  readIfAny,
  recordIn,
} from "./boot-file.ts";
import { writeBootStatus } from "./boot-status.ts";
import type { Command, Shell } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { explain } from "./explain.ts";
import { handSecretOver } from "./hand-secret-over.ts";
import { missingServer } from "./load-config.ts";
import { type PrivilegedActs, privilegedActs } from "./privileged-acts.ts";
import { parseSources, readConfig } from "./read-config.ts";
import { stateDirOf, sysrootOf } from "./state-dir.ts";

/** What pipit-boot.service runs, before the agent starts. */
export const bootImport: Command = {
  name: "boot-import",
  summary: "takes over /boot/firmware/pipit.toml, where it has changed",
  options: {},
  hidden: true,
  async run({ shell, options }) {
    const sysroot = sysrootOf(options);
    const file = bootFileIn(sysroot);
    const bytes = readIfAny(file);
    if (bytes === null) {
      shell.err(`there is no ${file}: nothing to take over`);
      return EXIT.ok;
    }
    const status = bootStatusIn(sysroot);
    try {
      const acts = privilegedActs({ dryRun: false, tell: (act) => shell.err(act) });
      const found = {
        bytes,
        file,
        copy: bootCopyIn(sysroot),
        stateDir: stateDirOf(shell, options),
      };
      const url = async () => (await readConfig(shell, options)).config.server.url;
      const taken = await takeOver(found, { acts, shell, url, isBooted: isSystemdRunning() });
      if (taken.lines.length > 0) writeBootStatus(shell, status, taken.lines);
      return taken.code;
    } catch (error) {
      writeBootStatus(shell, status, [
        "NOT READ  pipit.toml could not be taken over. It is tried again at the next start.",
        ...explain(error, shell.secrets.redact),
      ]);
      throw error;
    }
  },
};

export interface BootFound {
  readonly bytes: Uint8Array;
  readonly file: string;
  readonly copy: string;
  readonly stateDir: string;
}

export interface BootWorld {
  readonly acts: PrivilegedActs;
  readonly shell: Shell;
  /** Of all sources, as they are now. */
  readonly url: () => Promise<string>;
  /** By systemd: there is a service to start. */
  readonly isBooted: boolean;
}

export interface TakenOver {
  readonly code: number;
  /** For the status file; none: what stands there is still true. */
  readonly lines: readonly string[];
}

/**
 * The power may fail between any two steps: the copy in /etc, which records what was taken over, is written after everything that it
 * stands for, and a file that still holds its secret is taken over again at each start.
 */
export async function takeOver(found: BootFound, world: BootWorld): Promise<TakenOver> {
  const { file, copy, stateDir } = found;
  const { acts, shell } = world;
  const record = recordIn(readIfAny(copy));
  const bytes = await completed(found, record, shell);
  const read = await parseSources({ files: [{ path: file, bytes, mode: PRIVATE }] });
  const { secret, key } = read.config.provisioning;
  for (const text of [secret, key]) if (text) shell.secrets.protect(text);
  const problems = read.problems.map(formatProblem);
  for (const problem of problems) shell.err(problem);
  const isKnown = isRecorded(bytes, record);

  const missing = missingServer({ ...read, folder: "", mainFile: file, source: "files" });
  const hasServer = missing === null || (!missing.reported && (await world.url()) !== "");
  if (read.filesBroken > 0 || !hasServer) {
    const why = missing !== null && !missing.reported ? explain(missing.error, String) : [];
    return { code: EXIT.config, lines: [refusal, ...problems, ...why, again] };
  }
  const content = contentOf(bytes, file, secret);
  if (isKnown && secret === null) {
    shell.err(`${file} has not changed`);
    return { code: EXIT.ok, lines: [] };
  }

  acts.makeStateFolder(stateDir);
  if (secret !== null) handSecretOver(acts, stateDir, secret);
  if (world.isBooted) acts.systemctl("enable", UNIT);
  if (!isKnown) acts.writeConfig(copy, content);
  // Queued behind pipit-boot.service, which this is a part of; an agent that runs reads it anew.
  if (world.isBooted) acts.systemctl("--no-block", "reload-or-restart", UNIT);
  return { code: EXIT.ok, lines: [taken(read.config.server.url), ...problems, ...waiting] };
}

const UNIT = "pipit.service";
/** FAT has no modes; that everybody can read it there is said in the manual. */
const PRIVATE = 0o600;

const refusal = "NOT READ  pipit.toml has errors. What was set up before, if anything, goes on.";
const again = "Correct pipit.toml, put the card back, and switch the board on.";
const taken = (url: string) => `WAITING  pipit.toml is taken over; no answer yet from ${url}`;
const waiting = [
  "The board tries by itself. If this text stays: is there a network, does the server run, does UDP get through?",
];

/** The file, where a power cut has stopped the erasure of its secret: with the rest of it erased. */
async function completed(
  { bytes, file }: BootFound,
  record: ImportRecord | null,
  shell: Shell,
): Promise<Uint8Array> {
  const clean = mended(bytes, record);
  if (clean === null || record?.secret == null) return bytes;
  const { filesBroken } = await parseSources({ files: [{ path: file, bytes, mode: PRIVATE }] });
  if (filesBroken === 0) return bytes;
  shell.err(`erasing the rest of the secret in ${file}`);
  eraseFrom(file, bytes, record.secret);
  return clean;
}

/** @throws AgentError `config` where the secret cannot be found in its text, and so would stay on the card for ever */
function contentOf(bytes: Uint8Array, file: string, secret: string | null): string {
  if (secret !== null && secretEntryIn(bytes) === null)
    throw new AgentError("config", `${file}: the secret is written in an unusual way`, {
      hint: 'write it on a line of its own below [provisioning]: secret = "THE SECRET"',
    });
  return new TextDecoder().decode(bootCopy(bytes, file));
}
