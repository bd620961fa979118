import { buildConfig, type Config, type SettingName } from "./config.ts";
import { loginProblems } from "./login-rules.ts";
import { mergeSensors } from "./merge-sensors.ts";
import type { Problem } from "./problem.ts";
import { replacedKeys } from "./replaced-keys.ts";
import { maskSecrets } from "./secrecy.ts";
import { readCredentials, readSecretFile, type SecretFile } from "./secret-sources.ts";
import type { KnownNames } from "./setting.ts";
import {
  type CheckedEntry,
  type CheckedSource,
  checkSource,
  type Origin,
  type Source,
} from "./source.ts";
import {
  type Environment,
  type Overrides,
  readEnvironment,
  readOverrides,
} from "./text-sources.ts";
import { type ConfigFile, readTomlFile } from "./toml-file.ts";

/** All that a configuration is made from; what is left out is empty. */
export interface ConfigInput {
  /** In the order in which they count: a later one wins. */
  readonly files?: readonly ConfigFile[];
  readonly environment?: Environment;
  readonly credentials?: readonly SecretFile[];
  readonly overrides?: Overrides;
  /** Reads what `[provisioning] secret_file` names, or, given null, what lies where setup puts the secret, if anything. */
  readonly readSecret?: (path: string | null) => SecretFile | null;
}

export interface Given {
  readonly origin: Origin;
  readonly raw: unknown;
}

/** Why a setting has its value. */
export interface Provenance {
  readonly origin: Origin;
  /** What was wrong with the source that should have counted; then `origin` is the default. */
  readonly rejected: Given | null;
  /** Earlier sources that gave a value too, the latest first. */
  readonly overrides: readonly Given[];
}

export type Origins = ReadonlyMap<SettingName, Provenance>;

export interface ParsedConfig {
  readonly config: Config;
  /** File by file in their order, line by line. */
  readonly problems: readonly Problem[];
  readonly origins: Origins;
  readonly filesParsed: number;
  readonly filesBroken: number;
}

const noSecret = (name: string | null): SecretFile | null =>
  name === null ? null : { name, failure: "cannot be read here" };

/**
 * Joins all sources, setting by setting; the last one that gives a setting counts. Never throws: a wrong value
 * means the default of that setting, a file that does not parse counts as absent, and both are in `problems`.
 */
export function parseConfig(input: ConfigInput, known: KnownNames): ParsedConfig {
  const files = (input.files ?? []).map(readTomlFile);
  const check = (source: Source) => checkSource(source, known);
  const early = [...files, readEnvironment(input.environment ?? {})].map(check);
  const last = check(readOverrides(input.overrides ?? {}));
  const secretFile = readSecretFile(
    givenFor("provisioning.secret_file", [...early, last]).at(-1),
    input.readSecret ?? noSecret,
  );
  const secretSources = [
    ...(secretFile ? [secretFile] : []),
    ...readCredentials(input.credentials ?? []),
  ].map(check);
  const sources = [...early, ...secretSources, last];
  const merged = mergeSensors(sources.flatMap(({ lists }) => lists.sensors));
  const lists = {
    sensors: merged.sensors.map(({ config }) => config),
    jobs: sources.flatMap((source) => source.lists.jobs),
  };
  const entries = sources.flatMap((source) => source.entries);
  const secrets = entries.flatMap(({ setting, raw }) =>
    setting.secret && typeof raw === "string" ? [raw] : [],
  );
  const origins = new Map<SettingName, Provenance>();
  const config = buildConfig((setting) => {
    const given = givenFor(setting.fullName, sources);
    origins.set(setting.fullName, provenanceOf(given));
    const winner = given.at(-1);
    return winner?.valid ? winner.value : setting.default;
  }, lists);
  const problems = [
    ...sources.flatMap((source) => source.problems),
    ...loginProblems(config, (name) => givenFor(name, sources).at(-1)),
    ...merged.problems,
    ...replacedKeys(merged.sensors, known.sentKeys(config.system)),
  ];
  return {
    config,
    problems: problems.map((problem) => masked(problem, secrets)),
    origins,
    filesParsed: files.filter(({ parsed }) => parsed).length,
    filesBroken: files.filter(({ parsed }) => !parsed).length,
  };
}

/** In the order in which they count. */
const givenFor = (name: SettingName, sources: readonly CheckedSource[]): readonly CheckedEntry[] =>
  sources.flatMap(({ entries }) => entries.filter(({ setting }) => setting.fullName === name));

function provenanceOf(given: readonly CheckedEntry[]): Provenance {
  const [winner, ...overridden] = given.toReversed();
  const overrides = overridden.map(({ origin, raw }) => ({ origin, raw }));
  if (winner?.valid) return { origin: winner.origin, rejected: null, overrides };
  const origin = { kind: "default", name: "", line: null } as const;
  const rejected = winner ? { origin: winner.origin, raw: winner.raw } : null;
  return { origin, rejected, overrides };
}

const masked = (problem: Problem, secrets: readonly string[]): Problem => ({
  ...problem,
  message: maskSecrets(problem.message, secrets),
  place: problem.place && {
    ...problem.place,
    excerpt: maskSecrets(problem.place.excerpt, secrets),
  },
});
