/** Runs a program of this folder: what it throws is said in a line, and ends the process with 1. */
export async function endsWithReason(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
