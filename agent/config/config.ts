import type { JobConfig, SensorConfig } from "./sensor-config.ts";
import type { Setting } from "./setting.ts";
import { sections } from "./settings.ts";

type Sections = typeof sections;

/**
 * What the agent runs with. Names as in the file; durations in milliseconds, sizes in bytes.
 * `server.url` is "" when no source gave one.
 */
export type Config = {
  readonly [S in keyof Sections]: {
    readonly [N in keyof Sections[S]["settings"]]: Sections[S]["settings"][N] extends Setting<
      infer T
    >
      ? T
      : never;
  };
} & Lists;

/** What may stand in the configuration any number of times. */
export interface Lists {
  /** [[sensors]] */
  readonly sensors: readonly SensorConfig[];
  /** [[jobs]] */
  readonly jobs: readonly JobConfig[];
}

export const noLists: Lists = { sensors: [], jobs: [] };

/** "server.url", "telemetry.interval", ... */
export type SettingName = {
  [S in keyof Sections]: `${S}.${keyof Sections[S]["settings"] & string}`;
}[keyof Sections];

/** A row of the table with its place in it. */
export interface NamedSetting extends Setting<unknown> {
  readonly section: string;
  readonly name: string;
  readonly fullName: SettingName;
  /** "PIPIT_SERVER_URL" */
  readonly variable: string;
}

/** All settings in the order of the table, which is the order of the sample. */
export const allSettings: readonly NamedSetting[] = Object.entries(sections).flatMap(
  ([section, { settings }]) =>
    Object.entries<Setting<unknown>>(settings).map(([name, row]) => ({
      ...row,
      section,
      name,
      fullName: `${section}.${name}` as SettingName,
      variable: `PIPIT_${section}_${name}`.toUpperCase(),
    })),
);

/** Values by section and name, for what goes through the table. */
export const sectionsOf = (
  config: Config,
): Readonly<Record<string, Readonly<Record<string, unknown>>>> => {
  const { sensors: _sensors, jobs: _jobs, ...rest } = config;
  return rest;
};

export const sectionNames: readonly string[] = Object.keys(sections);

const byFullName: ReadonlyMap<string, NamedSetting> = new Map(
  allSettings.map((row) => [row.fullName, row]),
);

/** A map, so that a name like "__proto__" finds nothing. */
export const findSetting = (section: string, name: string): NamedSetting | undefined =>
  byFullName.get(`${section}.${name}`);

/** The shape of the table with the values that `value` gives for its rows. */
export function buildConfig(value: (row: NamedSetting) => unknown, lists: Lists = noLists): Config {
  const section = (name: string) =>
    Object.fromEntries(
      allSettings.filter((row) => row.section === name).map((row) => [row.name, value(row)]),
    );
  const sections = sectionNames.map((name) => [name, section(name)] as const);
  return { ...Object.fromEntries(sections), ...lists } as Config;
}

export const defaultConfig: Config = buildConfig((row) => row.default);
