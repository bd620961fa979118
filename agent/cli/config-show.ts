import {
  allSettings,
  type Config,
  type Lists,
  type NamedSetting,
  sectionNames,
} from "../config/config.ts";
import { isListName, listNames } from "../config/list-names.ts";
import { listsToml } from "../config/list-toml.ts";
import { nearest } from "../config/nearest.ts";
import { sampleToml } from "../config/sample.ts";
import { quoteName } from "../config/secrecy.ts";
import { settingsJson, settingsTable, showSetting } from "../config/show.ts";
import { type Command, UsageError } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { reportProblems } from "./load-config.ts";
import { readConfig } from "./read-config.ts";

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
    const lists = isListName(name ?? "") ? [name ?? ""] : name === undefined ? listNames : [];
    const chosen = isListName(name ?? "") ? [] : chooseSettings(name);
    const read = await readConfig(shell, options);
    reportProblems(shell, read.problems);
    const shown = chosen.map((setting) => showSetting(setting, read, read.folder));
    const entries = shownLists(read.config, lists);
    if (options["json"]) shell.out(settingsJson(shown, entries));
    else
      shell.out(
        [settingsTable(shown), listsToml({ sensors: [], jobs: [], ...entries })].join("\n").trim(),
      );
    return EXIT.ok;
  },
};

/** Of a command only the program: its arguments may hold a password. */
function shownLists({ sensors, jobs }: Config, names: readonly string[]): Partial<Lists> {
  const shown = sensors.map((sensor) =>
    sensor.type === "exec" && sensor.command.length > 1
      ? { ...sensor, command: [...sensor.command.slice(0, 1), "…"] }
      : sensor,
  );
  return {
    ...(names.includes("sensors") ? { sensors: shown } : {}),
    ...(names.includes("jobs") ? { jobs } : {}),
  };
}

/** "telemetry.interval" is one setting, "telemetry" a whole section. @throws UsageError */
function chooseSettings(name: string | undefined): readonly NamedSetting[] {
  if (name === undefined) return allSettings;
  const chosen = allSettings.filter(
    ({ fullName, section }) => fullName === name || section === name,
  );
  if (chosen.length > 0) return chosen;
  const meant = nearest(name, [
    ...allSettings.map(({ fullName }) => fullName),
    ...sectionNames,
    ...listNames,
  ]);
  const fix = meant ? `did you mean ${meant}?` : "all names: pipit config show";
  throw new UsageError(`${quoteName(name)} is not a setting; ${fix}`);
}
