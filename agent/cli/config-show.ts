import { relative } from "node:path";
import { allSettings, type NamedSetting, sectionNames } from "../config/config.ts";
import { nearest } from "../config/nearest.ts";
import type { Given } from "../config/parse-config.ts";
import { printable } from "../config/problem.ts";
import { quote } from "../config/quote.ts";
import { sampleToml } from "../config/sample.ts";
import type { Origin } from "../config/source.ts";
import { type Command, UsageError } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { reportProblems } from "./load-config.ts";
import { type ReadConfig, readConfig } from "./read-config.ts";

export const configShow: Command = {
  name: "config show",
  summary: "every value and where it comes from",
  arguments: "[NAME]",
  options: {
    json: { type: "boolean", help: "one object on stdout" },
    defaults: { type: "boolean", help: "print the annotated sample with all defaults" },
  },
  async run({ shell, options, positionals }) {
    const [name, ...more] = positionals;
    if (more.length > 0)
      throw new UsageError("config show takes one name; without a name it shows all");
    if (options["defaults"]) {
      if (name !== undefined) throw new UsageError("config show --defaults takes no name");
      shell.out(sampleToml().trimEnd());
      return EXIT.ok;
    }
    const chosen = chooseSettings(name);
    const read = readConfig(shell, options);
    reportProblems(shell, read.problems);
    const shown = chosen.map((setting) => showSetting(setting, read));
    shell.out(options["json"] ? asJson(shown) : asTable(shown));
    return EXIT.ok;
  },
};

interface Shown {
  readonly name: string;
  readonly value: string;
  readonly source: string;
  readonly overrides: readonly { readonly value: string; readonly source: string }[];
  readonly json: unknown;
}

/** "telemetry.interval" is one setting, "telemetry" a whole section. @throws UsageError */
function chooseSettings(name: string | undefined): readonly NamedSetting[] {
  if (name === undefined) return allSettings;
  const chosen = allSettings.filter(
    ({ fullName, section }) => fullName === name || section === name,
  );
  if (chosen.length > 0) return chosen;
  const meant = nearest(name, [...allSettings.map(({ fullName }) => fullName), ...sectionNames]);
  const fix = meant ? `did you mean ${meant}?` : "all names: pipit config show";
  throw new UsageError(`${quote(name)} is not a setting; ${fix}`);
}

function showSetting(setting: NamedSetting, { config, origins, folder }: ReadConfig): Shown {
  const values: Readonly<Record<string, Readonly<Record<string, unknown>>>> = config;
  const value = values[setting.section]?.[setting.name];
  const why = origins.get(setting.fullName);
  const shownGiven = ({ raw, origin }: Given) => ({
    value: setting.secret ? "(set)" : printable(plain(quote(raw))),
    source: sourceOf(origin, folder),
  });
  const rejected = why?.rejected ? `, ${sourceOf(why.rejected.origin, folder)} is wrong` : "";
  const isSet = value !== null && value !== "";
  const text = setting.secret ? "(set)" : plain(setting.kind.toToml(value));
  const source = `${why ? sourceOf(why.origin, folder) : "default"}${rejected}`;
  return {
    name: setting.fullName,
    value: isSet
      ? text
      : setting.default === null || setting.fullName === "server.url"
        ? "(not set)"
        : '""',
    source,
    overrides: why?.overrides.map(shownGiven) ?? [],
    json:
      !isSet && setting.default === null
        ? null
        : setting.secret
          ? "(set)"
          : jsonValue(setting, value),
  };
}

/** Texts without their quotes: `"60s"` is 60s. Lists keep theirs. */
const plain = (toml: string): string => toml.replace(/^"(.*)"$/, "$1");

/** As in the file, so that a unit is never in doubt: "60s". */
function jsonValue(setting: NamedSetting, value: unknown): unknown {
  return JSON.parse(setting.kind.toToml(value));
}

function sourceOf({ kind, name, line }: Origin, folder: string): string {
  switch (kind) {
    case "file": {
      const short = name.startsWith(`${folder}/`) ? relative(folder, name) : name;
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

function asTable(rows: readonly Shown[]): string {
  const width = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => text.length)) + 2;
  const first = width(rows.map(({ name }) => name));
  const values = rows.flatMap(({ value, overrides }) => [
    value,
    ...overrides.map((old) => `  overrides ${old.value}`),
  ]);
  const second = Math.min(width(values), 50);
  const line = (name: string, value: string, source: string) =>
    `${name.padEnd(first)}${value.padEnd(second - 2)}  ${source}`;
  return rows
    .flatMap(({ name, value, source, overrides }) => [
      line(name, value, source),
      ...overrides.map((old) => line("", `  overrides ${old.value}`, old.source)),
    ])
    .join("\n");
}

const asJson = (rows: readonly Shown[]): string =>
  JSON.stringify(
    Object.fromEntries(
      rows.map(({ name, json, source, overrides }) => [name, { value: json, source, overrides }]),
    ),
    null,
    2,
  );
