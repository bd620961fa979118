import { allSettings, type SettingName, sectionNames } from "./config.ts";
import { nearest } from "./nearest.ts";
import type { Problem } from "./problem.ts";
import type { Entry, Source } from "./source.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings given as options of the command line, by their full names, as text. */
export type Overrides = Readonly<Partial<Record<SettingName, string>>>;

const PREFIX = "PIPIT_";

/** `PIPIT_SERVER_URL=coap://…`; lists with commas: `PIPIT_SYSTEM_METRICS=cpu,load`. */
export function readEnvironment(environment: Environment): Source {
  const entries: Entry[] = [];
  const problems: Problem[] = [];
  const variables = allSettings.map(({ variable }) => variable);
  for (const setting of allSettings) {
    const text = environment[setting.variable];
    if (text === undefined) continue;
    const origin = { kind: "environment", name: setting.variable, line: null } as const;
    entries.push({ setting, raw: setting.kind.fromText(text), origin, place: null });
  }
  const ours = sectionNames.map((section) => `${PREFIX}${section.toUpperCase()}_`);
  for (const name of Object.keys(environment).sort()) {
    if (!name.startsWith(PREFIX) || variables.includes(name)) continue;
    const meant = nearest(name, variables);
    // Other programs may have variables of this prefix; only what looks like a setting is reported.
    if (meant === null && !ours.some((start) => name.startsWith(start))) continue;
    const fix = meant ? `did you mean ${meant}?` : "remove it, or see: pipit config show";
    const message = `unknown variable ${name}; ${fix}`;
    problems.push({ severity: "warning", source: "environment", place: null, message });
  }
  return { name: "environment", entries, problems };
}

export function readOverrides(overrides: Overrides): Source {
  const entries = allSettings.flatMap((setting): Entry[] => {
    const text = overrides[setting.fullName];
    if (text === undefined) return [];
    const origin = { kind: "command line", name: setting.fullName, line: null } as const;
    return [{ setting, raw: setting.kind.fromText(text), origin, place: null }];
  });
  return { name: "command line", entries, problems: [] };
}
