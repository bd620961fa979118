import { type Lists, type NamedSetting, sectionsOf } from "./config.ts";
import type { Given, ParsedConfig } from "./parse-config.ts";
import { hideUrlSecrets, printable } from "./problem.ts";
import { quote } from "./quote.ts";
import type { Origin } from "./source.ts";

/** One setting as it is printed: nothing in it is secret, and nothing a terminal would obey. */
export interface ShownSetting {
  readonly name: string;
  readonly value: string;
  /** "pipit.toml:14", "environment PIPIT_LOG_LEVEL", "default" */
  readonly source: string;
  readonly overrides: readonly { readonly value: string; readonly source: string }[];
  /** As JSON; with its unit, as in the file. */
  readonly json: unknown;
}

/** `folder` is what the names of files are shown relative to: "/etc/pipit". */
export function showSetting(
  setting: NamedSetting,
  { config, origins }: ParsedConfig,
  folder: string,
): ShownSetting {
  const value = sectionsOf(config)[setting.section]?.[setting.name];
  const why = origins.get(setting.fullName);
  const rejected = why?.rejected ? `, ${sourceOf(why.rejected.origin, folder)} is wrong` : "";
  const shownGiven = ({ raw, origin }: Given) => ({
    value: setting.secret ? "(set)" : plain(quote(raw)),
    source: sourceOf(origin, folder),
  });
  return {
    name: setting.fullName,
    ...shownValue(setting, value),
    source: `${why ? sourceOf(why.origin, folder) : "default"}${rejected}`,
    overrides: why?.overrides.map(shownGiven) ?? [],
  };
}

function shownValue(setting: NamedSetting, value: unknown): { value: string; json: unknown } {
  const hasNoDefault = setting.default === null || setting.example !== undefined;
  if ((value === null || value === "") && hasNoDefault) return { value: "(not set)", json: null };
  if (setting.secret) return { value: "(set)", json: "(set)" };
  const toml = setting.kind.toToml(value);
  return { value: plain(toml), json: setting.kind.toJson?.(value) ?? JSON.parse(toml) };
}

/** A text without its quotes, `"60s"` is 60s; "" and lists keep theirs. */
const plain = (toml: string): string => hideUrlSecrets(printable(toml.replace(/^"(.+)"$/, "$1")));

function sourceOf({ kind, name, line }: Origin, folder: string): string {
  switch (kind) {
    case "file": {
      const short = name.startsWith(`${folder}/`) ? name.slice(folder.length + 1) : name;
      return line === null ? short : `${short}:${line}`;
    }
    case "environment":
      return `environment ${name}`;
    case "secret file":
      return `secret_file ${name}`;
    case "credential":
      return `credential ${name}`;
    case "command line":
    case "default":
      return kind;
  }
}

/** A longer value pushes its own source to the right, not those of all others. */
const WIDEST_VALUE = 48;

/** Three columns: name, value, source; what a value overrides stands below it. */
export function settingsTable(settings: readonly ShownSetting[]): string {
  const rows = settings.flatMap(({ name, value, source, overrides }) => [
    [name, value, source] as const,
    ...overrides.map((old) => ["", `  overrides ${old.value}`, old.source] as const),
  ]);
  const widest = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => text.length));
  const names = widest(rows.map(([name]) => name));
  const values = Math.min(WIDEST_VALUE, widest(rows.map(([, value]) => value)));
  return rows
    .map(([name, value, source]) => `${name.padEnd(names)}  ${value.padEnd(values)}  ${source}`)
    .join("\n");
}

export const settingsJson = (settings: readonly ShownSetting[], lists: Partial<Lists>): string =>
  JSON.stringify(
    {
      ...Object.fromEntries(
        settings.map(({ name, json, source, overrides }) => [
          name,
          { value: json, source, overrides },
        ]),
      ),
      ...lists,
    },
    null,
    2,
  );
