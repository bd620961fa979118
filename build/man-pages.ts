import { type Command, commonOptions, type OptionSpec } from "../agent/cli/command.ts";
import { typeMeanings } from "../agent/config/sample.ts";
import { entryRows, jobSettings, sensorSettings } from "../agent/config/sensor-settings.ts";
import type { Setting } from "../agent/config/setting.ts";
import { sections } from "../agent/config/settings.ts";
import { tableBelow } from "./markdown-table.ts";
import { roff } from "./roff.ts";

export interface Edition {
  readonly version: string;
  /** "2026-11-25" */
  readonly date: string;
}

/** pipit(1): `commandsManual` is docs/commands.md, which has what no table of the program says. */
export function commandsPage(
  commands: readonly Command[],
  commandsManual: string,
  { version, date }: Edition,
): string {
  const shown = commands.filter(({ hidden }) => !hidden);
  return [
    roff.title("pipit", 1, date, version),
    roff.section("NAME"),
    "pipit \\- device agent for ThingsBoard\n",
    roff.section("SYNOPSIS"),
    ".B pipit\n.I COMMAND\n.RI [ OPTION \\&...]\n",
    roff.section("DESCRIPTION"),
    roff.paragraph(
      "Pipit provisions this board as a ThingsBoard device over CoAP or CoAPS, and publishes what the board and its sensors " +
        "measure. The service runs `pipit run`; the other commands are for the operator.",
    ),
    roff.section("COMMANDS"),
    ...shown.flatMap((command) => [
      roff.subsection([command.name, command.arguments].filter(Boolean).join(" ")),
      roff.paragraph(sentence(command.summary)),
      ...optionEntries(command.options),
    ]),
    roff.section("OPTIONS OF EVERY COMMAND"),
    ...optionEntries(commonOptions),
    roff.section("EXIT STATUS"),
    ...tableBelow(commandsManual, "Exit codes").map(([code = "", meaning = "", where = ""]) =>
      roff.entry(code, `${sentence(meaning)} (${where})`),
    ),
    roff.section("FILES"),
    roff.entry("/etc/pipit/pipit.toml", "The configuration: pipit.toml(5)."),
    roff.entry("/etc/pipit/config.d/*.toml", "More of it, read in the order of the names."),
    ...tableBelow(commandsManual, "What lies in the state folder").map(
      ([file = "", content = ""]) =>
        roff.entry(`/var/lib/pipit/${file.replaceAll("`", "")}`, sentence(content)),
    ),
    roff.section("SEE ALSO"),
    roff.paragraph(
      "pipit.toml(5), systemctl(1), journalctl(1), and the manuals in /usr/share/doc/pipit.",
    ),
  ].join("");
}

const optionEntries = (options: Readonly<Record<string, OptionSpec>>): readonly string[] =>
  Object.entries(options).map(([name, { short, value, help }]) =>
    roff.entry(
      `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`,
      help,
    ),
  );

/** pipit.toml(5) */
export const settingsPage = ({ version, date }: Edition): string =>
  [
    roff.title("pipit.toml", 5, date, version),
    roff.section("NAME"),
    "pipit.toml \\- configuration of Pipit\n",
    roff.section("DESCRIPTION"),
    roff.paragraph(
      "/etc/pipit/pipit.toml is TOML. /etc/pipit/config.d/*.toml are read after it, in the order of their names; the environment " +
        "(PIPIT_SERVER_URL) counts before both. `pipit config check` lists every problem with its line and its fix, " +
        "`pipit config show` every value and where it comes from; `systemctl reload pipit` makes a change count.",
    ),
    roff.paragraph(
      'Durations are written "500ms", "30s", "5m", "2h", "7d"; sizes "100KB", "64MB", "1GB" (powers of 1000). The smallest ' +
        "useful file:",
    ),
    roff.example(
      '[server]\nurl = "coaps://tb.example.com"\n[provisioning]\nkey = "the provision device key"\nsecret = "the provision device secret"',
    ),
    ...Object.entries(sections).flatMap(([section, { meaning, settings }]) => [
      roff.section(`[${section}]`),
      roff.paragraph(sentence(meaning)),
      ...Object.entries<Setting<unknown>>(settings).map(([name, row]) =>
        roff.entry(
          name,
          `${sentence(row.meaning)}. ${sentence(row.kind.description)}; default: ${defaultOf(row)}.`,
          ...(row.details === undefined ? [] : [row.details]),
        ),
      ),
    ]),
    roff.section("[[sensors]]"),
    roff.paragraph("One entry a sensor, any number of them."),
    roff.entry(
      "type",
      Object.entries(typeMeanings)
        .map(([type, meaning]) => `"${type}": ${meaning}`)
        .join("; "),
    ),
    ...entries(sensorSettings),
    roff.section("[[jobs]]"),
    roff.paragraph("Things to do at times of the wall clock."),
    ...entries(jobSettings),
    roff.section("SEE ALSO"),
    roff.paragraph("pipit(1), and the manuals in /usr/share/doc/pipit."),
  ].join("");

const defaultOf = ({ kind, default: value, example }: Setting<unknown>): string =>
  value === null || example !== undefined ? "none" : kind.toToml(value);

const entries = (settings: object): readonly string[] =>
  entryRows(settings).map(([name, { kind, default: given, meaning, types }]) => {
    const fallback = given === null ? "none" : given === undefined ? null : kind.toToml(given);
    const facts = [
      sentence(kind.description),
      ...(types === undefined ? [] : [`of type ${types.join(", ")}`]),
      fallback === null ? "required" : `default: ${fallback}`,
    ];
    return roff.entry(name, `${sentence(meaning)}. ${facts.join("; ")}.`);
  });

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
