import { parseArgs } from "node:util";
import { looksSecret } from "../config/secrecy.ts";
import { type Command, parserOptions, type Shell, UsageError } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { tellError } from "./explain.ts";
import { commandHelp, overview } from "./help.ts";
import { version } from "./version.ts";

/** Finds the command that `argv` names, runs it, and turns what comes of it into an exit code and words. */
export async function dispatch(
  commands: readonly Command[],
  argv: readonly string[],
  shell: Shell,
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
    return tellError(error, shell);
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
  const [first] = argv.filter((word) => word !== "--no-color");
  if (first === "--version") shell.out(version);
  else if (first === undefined || ["help", "--help", "-h"].includes(first)) {
    shell.out(overview(commands));
  } else {
    const siblings = commands.filter(({ name }) => name.startsWith(`${first} `));
    if (siblings.length > 0 && argv.some((word) => ["--help", "-h"].includes(word))) {
      shell.out(siblings.map(commandHelp).join("\n\n"));
      return EXIT.ok;
    }
    const known = siblings.length > 0 ? siblings : commands;
    const names = known.filter(({ hidden }) => !hidden).map(({ name }) => name);
    throw new UsageError(
      `"${argv.slice(0, 2).map(shown).join(" ")}" is not a command; one of: ${names.join(", ")}`,
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
    throw new UsageError(`${whyRefused(error)}; see pipit ${command.name} --help`);
  }
}

/** What parseArgs says; the word that it quotes, in single quotes whatever is in it, may be a secret. */
function whyRefused(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [first = ""] = message.split(/\. (?:To specify|This command)/);
  return first.replace(/'(.*)'/s, (_, word: string) => `"${shown(word)}"`);
}

/** A secret that was typed in the wrong place must not come out again. */
const shown = (word: string): string => (looksSecret(word) ? "…" : word);
