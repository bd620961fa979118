/** What /etc/os-release says, by name. Lines that are no assignments are not there. */
export type OsRelease = ReadonlyMap<string, string>;

/**
 * The environment-like format of os-release(5): `NAME="Debian GNU/Linux"`, `ID=debian`, `# comment`. Values are quoted as
 * for a shell; a backslash in double quotes or in none makes the next character plain. Any text gives a result.
 */
export function parseOsRelease(text: string): OsRelease {
  const found = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, value] = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(line) ?? [];
    if (name !== undefined && value !== undefined) found.set(name, unquoted(value.trim()));
  }
  return found;
}

function unquoted(value: string): string {
  const [, single] = /^'([^']*)'$/s.exec(value) ?? [];
  if (single !== undefined) return single;
  const [, double] = /^"((?:[^"\\]|\\.)*)"$/s.exec(value) ?? [];
  return (double ?? value).replace(/\\(.)/gs, "$1");
}

/** "Debian GNU/Linux"; null where the file does not say. */
export const osNameOf = (release: OsRelease): string | null => release.get("NAME") || null;

/** "13 (trixie)", else "13"; a rolling distribution has only the day it was built. */
export const osVersionOf = (release: OsRelease): string | null =>
  release.get("VERSION") || release.get("VERSION_ID") || release.get("BUILD_ID") || null;
