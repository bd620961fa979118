import { commands } from "./cli/commands.ts";
import { dispatch } from "./cli/dispatch.ts";

/** argv -> command -> exit code; the only process.exit. */
async function main(): Promise<void> {
  process.exit(await dispatch(commands, process.argv.slice(2)));
}

void main();
