import { allReadsAnswered, outstandingReads } from "../platform/outstanding-reads.ts";

/** A file that is just being read when the agent stops is read by then, even on a slow card; a driver that hangs is not. */
const GRACE_MS = 500;

/** How many reads no driver has answered; says so, because what comes next looks like a crash. */
export async function hungReads(stderr: { write(text: string): unknown }): Promise<number> {
  await allReadsAnswered(GRACE_MS);
  const count = outstandingReads();
  if (count > 0)
    stderr.write(
      `pipit: ${count} reads hang in a driver; ending by SIGKILL, nothing is lost by it\n`,
    );
  return count;
}
