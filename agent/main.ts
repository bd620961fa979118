import { commands } from "./cli/commands.ts";
import { dispatch } from "./cli/dispatch.ts";
import { tellError } from "./cli/explain.ts";
import { hungReads } from "./cli/hung-reads.ts";
import { processShell } from "./cli/shell.ts";

const argv = process.argv.slice(2);
const shell = processShell(argv.includes("--no-color"));

/** The only process.exit. */
async function end(code: number): Promise<void> {
  // process.exit() waits for the thread pool, and so for ever for a driver that never answers.
  if ((await hungReads(process.stderr)) > 0) process.kill(process.pid, "SIGKILL");
  process.exit(code);
}

// Node would print the error as it is, with whatever secret is in it.
process.on("uncaughtException", (bug) => void end(tellError(bug, shell)));

/** argv -> command -> exit code. */
void dispatch(commands, argv, shell).then(end);
