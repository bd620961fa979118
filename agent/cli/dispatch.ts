import { parseArgs } from "node:util";
import { AgentError } from "../errors.ts";
import { type Command, parserOptions, type Shell, UsageError } from "./command.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { commandHelp, overview } from "./help.ts";
import { withSeverity } from "./severity.ts";
import { processShell } from "./shell.ts";
import { version } from "./version.ts";

/** Finds the command that `argv` names, runs it, and turns what comes of it into an exit code and words. */
export async function dispatch(
  commands: readonly Command[],
  argv: readonly string[],
  shell: Shell = processShell(argv.includes("--no-color")),
): Promise<number> {
  try {
    const command = findCommand(commands, argv);
    if (!command) return withoutCommand(commands, argv, shell);
    const { values, positionals } = parse(command, argv.slice(command.name.split(" ").length));
    if (values["help"]) {
      shell.out(commandHelp(command));
      return EXIT.ok;
    }
    if (values["version"]) {
      shell.out(version);
      return EXIT.ok;
    }
    return await command.run({ shell, options: values, positionals });
  } catch (error) {
    for (const line of explain(error)) shell.err(withSeverity(shell, "error", line));
    return exitCodeOf(error);
  }
}

/** "config check" before "config": the longest name wins. */
const findCommand = (commands: readonly Command[], argv: readonly string[]) =>
  commands.find(({ name }) => name.split(" ").every((word, index) => argv[index] === word));

function withoutCommand(
  commands: readonly Command[],
  argv: readonly string[],
  shell: Shell,
): number {
  const [first] = argv;
  if (first === "--version") shell.out(version);
  else if (first === undefined || first === "--help" || first === "-h") {
    shell.out(overview(commands));
  } else {
    const siblings = commands.filter(({ name }) => name.startsWith(`${first} `));
    const known = siblings.length > 0 ? siblings : commands;
    const names = known.filter(({ hidden }) => !hidden).map(({ name }) => name);
    throw new UsageError(
      `"${argv.slice(0, 2).join(" ")}" is not a command; one of: ${names.join(", ")}`,
    );
  }
  return EXIT.ok;
}

function parse(command: Command, args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: parserOptions(command),
      allowPositionals: command.arguments !== undefined,
      strict: true,
    });
    // No option is declared `multiple`, so no value is a list.
    const single = Object.entries(values).filter((entry): entry is [string, string | boolean] =>
      ["string", "boolean"].includes(typeof entry[1]),
    );
    return { values: Object.fromEntries(single), positionals };
  } catch (error) {
    const message = error instanceof Error ? error.message.split(". To specify")[0] : String(error);
    throw new UsageError(`${message}; see pipit ${command.name} --help`);
  }
}

/** What went wrong and what to do about it; a stack only for what nobody foresaw. */
function explain(error: unknown): readonly string[] {
  if (error instanceof UsageError) return [`pipit: ${error.message}`];
  if (!(error instanceof AgentError) || error.kind === "bug") {
    const stack = error instanceof Error ? error.stack : String(error);
    return [`pipit: a bug: ${stack}`, "       please report it with the lines above"];
  }
  const code = error.code ? `  ${error.code}` : "";
  return [`pipit: ${error.message}${code}`, ...(error.hint ? [`       ${error.hint}`] : [])];
}
