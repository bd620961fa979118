import { allSettings, type Config, sectionsOf } from "./config.ts";
import { listsToml } from "./list-toml.ts";

const HEAD = `# Written by Pipit after a good start, and read only when no configuration file parses.
# Edits are lost. Secrets are left out.
`;

/** The configuration in effect as a file of its own, without secrets; reading it gives the same values again. */
export function lastGoodToml(config: Config): string {
  const values = sectionsOf(config);
  const lines = allSettings
    .filter((setting) => !setting.secret)
    .map(({ section, name, kind }) => {
      return `${section}.${name} = ${kind.toToml(values[section]?.[name])}`;
    });
  return `${HEAD}\n${lines.join("\n")}\n${listsToml(config)}`;
}
