import { type Command, commonOptions, type OptionSpec } from "./command.ts";

/** `pipit` alone: one screen. */
export function overview(commands: readonly Command[]): string {
  const shown = commands.filter(({ hidden }) => !hidden);
  const rows = shown.map(({ name, summary }) => [name, summary] as const);
  return [
    "pipit: a device agent for Linux boards. Provisions itself on ThingsBoard over CoAP and delivers telemetry.",
    "",
    "Usage: pipit COMMAND [OPTION...]     pipit COMMAND --help shows the options of one command.",
    "",
    ...table(rows),
    "",
    "Options of every command:",
    ...optionRows(commonOptions),
  ].join("\n");
}

export function commandHelp(command: Command): string {
  const own = Object.keys(command.options).length > 0;
  return [
    `Usage: pipit ${[command.name, command.arguments].filter(Boolean).join(" ")} [OPTION...]`,
    "",
    `${command.summary}`,
    ...(own ? ["", "Options:", ...optionRows(command.options)] : []),
    "",
    "Options of every command:",
    ...optionRows(commonOptions),
  ].join("\n");
}

const optionRows = (options: Readonly<Record<string, OptionSpec>>) =>
  table(
    Object.entries(options).map(([name, { short, value, help }]) => [
      `${short ? `-${short}, ` : ""}--${name}${value ? ` ${value}` : ""}`,
      help,
    ]),
  );

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
