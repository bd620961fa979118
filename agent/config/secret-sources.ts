import { findSetting } from "./config.ts";
import type { CheckedEntry, Source } from "./source.ts";

/** A file that holds one secret; `failure` says why there is no text: "<what>; <what to do>". */
export type SecretFile =
  | { readonly name: string; readonly text: string; readonly mode: number }
  | { readonly name: string; readonly failure: string };

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

/** The text of `[provisioning] secret_file`, which counts before a `secret` in a file. */
export function readSecretFile(
  winner: CheckedEntry | undefined,
  read: (path: string) => SecretFile,
): Source | null {
  if (!winner?.valid || typeof winner.value !== "string") return null;
  const file = read(winner.value);
  const source = secretSource(file.name, file, "secret file", "secret");
  if ("failure" in file || (file.mode & 0o004) === 0) return source;
  const message = `can be read by every user of this machine; run: sudo chmod 640 ${file.name}`;
  const warning = { severity: "warning", source: file.name, place: null, message } as const;
  return { ...source, problems: [...source.problems, warning] };
}

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
