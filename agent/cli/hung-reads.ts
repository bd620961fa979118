import { outstandingReads } from "../platform/outstanding-reads.ts";

/** How many reads no driver has answered; says so, because what comes next looks like a crash. */
export function hungReads(stderr: { write(text: string): unknown }): number {
  const count = outstandingReads();
  if (count > 0)
    stderr.write(
      `pipit: ${count} reads hang in a driver; ending by SIGKILL, nothing is lost by it\n`,
    );
  return count;
}
