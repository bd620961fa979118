import { commands } from "./cli/commands.ts";
import { dispatch } from "./cli/dispatch.ts";
import { hungReads } from "./cli/hung-reads.ts";

/** argv -> command -> exit code; the only process.exit. */
async function main(): Promise<void> {
  const code = await dispatch(commands, process.argv.slice(2));
  // process.exit() waits for the thread pool, and so for ever for a driver that never answers.
  if ((await hungReads(process.stderr)) > 0) process.kill(process.pid, "SIGKILL");
  process.exit(code);
}

void main();
