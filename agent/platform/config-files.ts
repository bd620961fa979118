import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { LARGEST_FILE_BYTES } from "../config/decode-text.ts";
import { credentialNames, type SecretFile } from "../config/secret-sources.ts";
import type { ConfigFile } from "../config/toml-file.ts";
import { errnoOf } from "./errno.ts";
import { readWhole, type WholeFile } from "./read-whole.ts";

const LARGEST_SECRET_BYTES = 4_096;

/** pipit.toml, then config.d/*.toml in the order of their names; what does not exist is left out. */
export function readConfigFolder(folder: string): readonly ConfigFile[] {
  const first = readConfigFileIfAny(join(folder, "pipit.toml"));
  return [...(first ? [first] : []), ...readDropIns(join(folder, "config.d"))];
}

function readDropIns(folder: string): readonly ConfigFile[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".toml") && !name.startsWith("."))
      .sort()
      .flatMap((name) => readConfigFileIfAny(join(folder, name)) ?? []);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    return [{ path: folder, failure: unreadable(folder, error) }];
  }
}

/** One file that must be there: what `--config` names. */
export function readConfigFile(path: string): ConfigFile {
  const missing = { failure: "does not exist; correct the path after --config" };
  return { path, ...(contentOf(path, LARGEST_FILE_BYTES) ?? missing) };
}

/** A file that may be absent: then null. */
export function readConfigFileIfAny(path: string): ConfigFile | null {
  const content = contentOf(path, LARGEST_FILE_BYTES);
  return content && { path, ...content };
}

/** Where setup puts the provisioning secret, in the state folder. */
export const SECRET_NAME = "provision-secret";

/** What `[provisioning] secret_file` names; null: the one of the state folder, where there is one that we may see. */
export function readSecretFile(path: string | null, stateDir: string): SecretFile | null {
  if (path === null) {
    const own = join(stateDir, SECRET_NAME);
    return isThere(own) ? secretOf(own, own) : null;
  }
  const failure = "does not exist; create it, or correct secret_file";
  return secretOf(path, path) ?? { name: path, failure, isAbsent: true };
}

/** False also in a folder that is closed to this user: then it is not ours to miss. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** Those of systemd's credentials that are ours (`ImportCredential=pipit.*`). */
export function readCredentials(directory: string | undefined): readonly SecretFile[] {
  if (!directory) return [];
  return Object.keys(credentialNames).flatMap(
    (name) => secretOf(join(directory, name), name) ?? [],
  );
}

function secretOf(path: string, name: string): SecretFile | null {
  const content = contentOf(path, LARGEST_SECRET_BYTES);
  if (content === null) return null;
  if ("failure" in content) return { name, failure: content.failure };
  if (content.bytes.length > LARGEST_SECRET_BYTES)
    return { name, failure: "is larger than 4 KB; it must hold the secret and nothing else" };
  const text = new TextDecoder().decode(content.bytes);
  // systemd gives credentials mode 0440 or 0400; their folder belongs to the unit.
  return { name, text, mode: content.mode, isOurs: content.owner === process.geteuid?.() };
}

type Content = WholeFile | { readonly failure: string };

/** Null when there is no file. */
function contentOf(path: string, limitBytes: number): Content | null {
  try {
    const content = readWhole(path, { limitBytes });
    if (content !== "not a file") return content;
    return { failure: "is not a regular file; remove it, or correct the path" };
  } catch (error) {
    return { failure: unreadable(path, error) };
  }
}

function unreadable(path: string, error: unknown): string {
  const code = errnoOf(error);
  if (code === undefined) throw error;
  const fix =
    code === "EACCES" || code === "EPERM"
      ? `run the command with sudo, or let the service read it: sudo chgrp pipit ${path}`
      : "check the path and the file system";
  return `cannot be read (${code}); ${fix}`;
}
