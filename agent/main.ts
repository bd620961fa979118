import type { Command } from "./cli/command.ts";
import { dispatch } from "./cli/dispatch.ts";
import { tellError } from "./cli/explain.ts";
import { hungReads } from "./cli/hung-reads.ts";
import { run } from "./cli/run.ts";
import { processShell } from "./cli/shell.ts";

const argv = process.argv.slice(2);
const shell = processShell(argv.includes("--no-color"));

/** The only process.exit. */
async function end(code: number): Promise<void> {
  // process.exit() waits for the thread pool, and so for ever for a driver that never answers.
  if ((await hungReads(process.stderr)) > 0) process.kill(process.pid, "SIGKILL");
  process.exit(code);
}

/** The service knows itself only: the code of the other commands would cost it memory. */
async function known(): Promise<readonly Command[]> {
  if (argv[0] === run.name) return [run];
  const { commands } = await import("./cli/commands.ts");
  return commands;
}

// Node would print the error as it is, with whatever secret is in it.
process.on("uncaughtException", (bug) => void end(tellError(bug, shell)));

/** argv -> command -> exit code. */
void known()
  .then((commands) => dispatch(commands, argv, shell))
  .then(end);
