import { findSetting } from "./config.ts";
import type { Problem } from "./problem.ts";
import type { CheckedEntry, Source } from "./source.ts";

/** A file that holds one secret; `failure` says why there is no text: "<what>; <what to do>". */
export type SecretFile =
  | {
      readonly name: string;
      readonly text: string;
      readonly mode: number;
      /** It belongs to this user, whose service repairs its mode by itself. */
      readonly isOurs: boolean;
    }
  | { readonly name: string; readonly failure: string; readonly isAbsent?: true };

/** What stands in a secret_file in place of a secret that has done its work. */
export const ERASED =
  "# Pipit has erased the secret of this file: the device has credentials of its own.\n";

/** systemd's name of the credential -> the setting it gives. */
export const credentialNames = {
  "pipit.provision-key": "key",
  "pipit.provision-secret": "secret",
} as const;

const EMPTY = "is empty; write the secret into it, or remove it";

/** What systemd put into $CREDENTIALS_DIRECTORY; later than all files and the environment. */
export function readCredentials(files: readonly SecretFile[]): readonly Source[] {
  return files.map((file) => {
    const known = Object.entries(credentialNames).find(([name]) => name === file.name)?.[1];
    return secretSource(`credential ${file.name}`, file, "credential", known ?? "secret");
  });
}

/**
 * The text of `[provisioning] secret_file`, which counts before a `secret` in a file; `read` is given null where no such file
 * is named. Null: there is no secret in a file, and none is missed.
 */
export function readSecretFile(
  winner: CheckedEntry | undefined,
  read: (path: string | null) => SecretFile | null,
): Source | null {
  if (winner !== undefined && !winner.valid) return null;
  const file = read(typeof winner?.value === "string" ? winner.value : null);
  if (file === null) return null;
  const { name } = file;
  if ("failure" in file) {
    const source = secretSource(name, file, "secret file", "secret");
    // A device that has its credentials can do without; one that has none says that it needs the secret.
    if (file.isAbsent) return { ...source, problems: [warning(name, file.failure)] };
    return source;
  }
  if (isErased(file.text)) return null;
  const source = secretSource(name, file, "secret file", "secret");
  if (file.isOurs || (file.mode & 0o077) === 0) return source;
  const whom =
    (file.mode & 0o007) === 0 ? "all members of its group" : "every user of this machine";
  const fix = `sudo chown pipit: ${name} && sudo chmod 600 ${name}`;
  const open = warning(name, `can be read by ${whom}; run: ${fix}`);
  return { ...source, problems: [...source.problems, { ...open, exposesSecret: true }] };
}

const warning = (source: string, message: string): Problem => ({
  severity: "warning",
  source,
  place: null,
  message,
});

/** Also one that a power cut has left short. */
const isErased = (text: string): boolean => {
  const found = text.trim();
  return found !== "" && ERASED.startsWith(found);
};

function secretSource(
  name: string,
  file: SecretFile,
  kind: "credential" | "secret file",
  target: "key" | "secret",
): Source {
  const text = "failure" in file ? "" : file.text.trim();
  const failure = "failure" in file ? file.failure : EMPTY;
  const setting = findSetting("provisioning", target);
  if (text === "" || setting === undefined) {
    const problem = { severity: "error", source: name, place: null, message: failure } as const;
    return { name, entries: [], problems: [problem] };
  }
  const origin = { kind, name: file.name, line: null };
  return { name, entries: [{ setting, raw: text, origin, place: null }], problems: [] };
}
