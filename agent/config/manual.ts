import { deviceNamePlaceholders } from "./device-name.ts";
import { typeMeanings } from "./sample.ts";
import { credentialNames } from "./secret-sources.ts";
import { entryRows, jobSettings, sensorSettings } from "./sensor-settings.ts";
import type { Setting } from "./setting.ts";
import { sections } from "./settings.ts";
import { wrap } from "./wrap.ts";

const LINE_WIDTH = 120;

const HEAD = `# Configuration

<!-- Generated from agent/config/settings.ts by \`npm run generate\`; edit there. -->

Pipit reads TOML. Names are in snake_case; the unit stands in the value: durations are \`"500ms"\`, \`"30s"\`, \`"5m"\`,
\`"2h"\`, \`"7d"\`, sizes are \`"100KB"\`, \`"64MB"\`, \`"1GB"\` (powers of 1000). The smallest useful file:

\`\`\`toml
[server]
url = "coap://tb.example.com"
[provisioning]
key = "…"
secret = "…"
\`\`\`

## Where values come from

Setting by setting, the last source that gives it counts; lists are replaced, not joined.

1. the defaults below
2. \`/etc/pipit/pipit.toml\`
3. \`/etc/pipit/config.d/*.toml\`, in the order of their names
4. environment variables, \`PIPIT_<SECTION>_<NAME>\`: \`PIPIT_SERVER_URL\`; lists with commas
5. options of the command line

\`--config FILE\` reads that file in place of 2 and 3. \`pipit config show\` prints every value, where it comes from, and
what it overrides.

## Secrets

The access token is never in a configuration file. The provision device key and secret come from the first of these
that has them:
`;

const TAIL = `## What happens when something is wrong

\`pipit config check\` prints all problems of all sources at once: the file, the line, what is wrong and what to write.

| problem | effect | \`config check\` |
|---|---|---|
| unknown section or setting | warning, ignored | exit 0, with \`--strict\` exit 1 |
| wrong value of a known setting | that setting takes its default, the agent runs degraded | exit 1 |
| a file that does not parse, or cannot be read | nothing of that file counts, the agent runs degraded | exit 1 |
| no file parses | the agent starts from \`last-good.toml\` in its state folder, degraded | exit 1 |
| no server URL from any source | the agent does not start, exit 78 | exit 1 |

A wrong value of the source that should count means the default, never the value of an earlier source: a \`coaps://\`
that this version refuses must not turn into the \`coap://\` of another file.

\`last-good.toml\` is written after a good start and holds no secrets.
`;

/** docs/configuration.md: all settings with their types, defaults and meanings. */
export function configurationManual(): string {
  const secrets = [
    ...Object.entries(credentialNames).map(
      ([name, setting]) => `the systemd credential \`${name}\`, for \`${setting}\``,
    ),
    "the file that `[provisioning] secret_file` names, else `provision-secret` in the state folder, for `secret`",
    "the environment, then the files",
  ];
  return [
    HEAD,
    ...secrets.map((line) => `- ${line}`),
    "",
    "A secret is never printed: commands show `(set)`. A configuration with a secret should have mode 0640, a secret_file 0600;",
    "Pipit warns of what is open. What becomes of the secret after use: [security.md](security.md).",
    "",
    "## Settings",
    "",
    ...Object.entries(sections).flatMap(([section, { meaning, settings }]) => [
      `### [${section}]`,
      "",
      meaning,
      "",
      ...Object.entries<Setting<unknown>>(settings).flatMap(([name, row]) => [
        `#### ${name}`,
        "",
        `- ${sentence(row.meaning)}`,
        `- Type: ${row.kind.description}`,
        `- Default: ${row.default === null || row.example !== undefined ? "none" : `\`${row.kind.toToml(row.default)}\``}`,
        `- Environment: \`${`PIPIT_${section}_${name}`.toUpperCase()}\``,
        "",
        ...(row.details ? [...wrap(row.details, LINE_WIDTH), ""] : []),
        ...(name === "device_name" ? [...placeholderTable(), ""] : []),
      ]),
    ]),
    ...listManual(),
    TAIL,
  ].join("\n");
}

/** One table per list: name, type, default, what it means, and which sorts of sensors have it. */
function listManual(): readonly string[] {
  const rows = (settings: object) =>
    entryRows(settings).map(([name, { kind, default: given, meaning, types }]) => {
      const shown =
        given === null ? "none" : given === undefined ? "required" : `\`${kind.toToml(given)}\``;
      return `| \`${name}\` | ${types?.join(", ") ?? "all"} | ${kind.description} | ${shown} | ${sentence(meaning)} |`;
    });
  return [
    "### [[sensors]]",
    "",
    "One entry a sensor, any number of them; those of all files count together. Of two entries with one `id` the later counts.",
    "A wrong entry is off, and the agent runs degraded; the others go on.",
    "",
    "| type | is |",
    "|---|---|",
    ...Object.entries(typeMeanings).map(([type, meaning]) => `| \`"${type}"\` | ${meaning} |`),
    "",
    "| setting | of type | value | default | meaning |",
    "|---|---|---|---|---|",
    ...rows(sensorSettings),
    "",
    '`gpio`, and `exec` and `file` with `format = "number"`, need a `key`. With `json` and `keyvalue` a `key` is put before',
    "the names that the program gives: `upsCharge` and `voltage` make `upsChargeVoltage`.",
    "",
    "### [[jobs]]",
    "",
    "Things to do at times of the wall clock.",
    "",
    "| setting | of | value | default | meaning |",
    "|---|---|---|---|---|",
    ...rows(jobSettings),
    "",
  ];
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

const placeholderTable = () => [
  "| placeholder | stands for |",
  "|---|---|",
  ...Object.entries(deviceNamePlaceholders).map(
    ([name, meaning]) => `| \`{${name}}\` | ${meaning} |`,
  ),
];
