import { createTask } from "node-cron";

const WRITE =
  'write minute, hour, day of month, month, day of week: "0 6 * * *" is 06:00 every day';
const FIELDS = 5;
const FIELDS_WITH_SECONDS = 6;

/**
 * What is wrong with a cron expression of five fields and what to write instead; null if nothing is.
 * Import this module lazily, and only when a configuration has a schedule: node-cron costs memory.
 */
export function checkSchedule(text: string): string | null {
  const fields = text.trim().split(/\s+/);
  // node-cron takes "*/5 * * * * *" as every five seconds, and walks every slot of a clock step one by one.
  if (fields.length === FIELDS_WITH_SECONDS)
    return `has a field for seconds, but the shortest schedule is 1 minute or more; ${WRITE}`;
  if (fields.length !== FIELDS) return `is no cron expression of 5 fields; ${WRITE}`;
  try {
    // Never started: it is parsed, and holds no timer. "0 0 31 2 *" is refused only when the task is made.
    createTask(text, () => undefined, { timezone: "UTC" });
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `is no cron expression (${reason}); ${WRITE}`;
  }
}
