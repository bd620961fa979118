import { andThen } from "../awaitable.ts";
import type { Host } from "../ports.ts";

export interface ReadPaths {
  /** The same host; what is read through it is remembered. */
  readonly host: Host;
  /** Forgets what was read: a new look begins. */
  begin(): void;
  paths(): readonly string[];
}

/** Remembers the files of one look: the kernel counts its devices, and a person wants to know which one it was. */
export function rememberPaths(host: Host): ReadPaths {
  const read = new Set<string>();
  return {
    host: {
      readFile(path, limitBytes) {
        const remembered = (text: string) => {
          read.add(path);
          return text;
        };
        return andThen(host.readFile(path, limitBytes), remembered);
      },
      readDir: (path) => host.readDir(path),
      realPath: (path) => host.realPath(path),
      statfs: (path) => host.statfs(path),
    },
    begin: () => read.clear(),
    paths: () => [...read],
  };
}

/** Where each file is known before. */
export const nothingToRemember = (host: Host): ReadPaths => ({
  host,
  begin() {},
  paths: () => [],
});

/** With a star or a choice in braces. */
export const isPattern = (source: string): boolean => /[*{]/.test(source);

/** The declared source with the files that were read in place of its patterns: "/sys/class/hwmon/hwmon1/fan1_input". */
export const readFrom = (source: string, paths: readonly string[]): string =>
  source
    .split(", ")
    .flatMap((part) => {
      const found = isPattern(part) ? paths.filter((path) => expression(part).test(path)) : [];
      return found.length > 0 ? found.sort() : [part];
    })
    .join(", ");

const expression = (pattern: string) =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+?^$()|[\]\\]/g, "\\$&")
      .replaceAll("*", "[^/]*")
      .replaceAll("{", "(")
      .replaceAll("}", ")")
      .replaceAll(",", "|")}$`,
  );
