import { AgentError } from "../errors.ts";
import type { Calendar } from "../ports.ts";

/**
 * Cron expressions, read and computed by node-cron, whose timers are never started: they walk every missed slot one by one
 * when the clock is set (docs/decisions/0006). Times are those of the machine's own time zone.
 * Loads the library and its time-zone data: 9 MB that a board without a schedule never pays.
 */
export async function openCalendar(): Promise<Calendar> {
  const { createTask } = await import("node-cron");
  return {
    next(expression) {
      try {
        const [next] = createTask(expression, () => {}).getNextRuns(1);
        if (next) return next.getTime();
      } catch (error) {
        throw notASchedule(expression, error);
      }
      throw notASchedule(expression);
    },
  };
}

const notASchedule = (expression: string, cause?: unknown) =>
  new AgentError("config", `"${expression}" is no schedule that ever comes`, {
    cause,
    hint: 'write minute, hour, day, month, weekday: "0 6 * * *" is 06:00 every day',
  });

/** Where nothing has a schedule. */
export const noCalendar: Calendar = {
  next(expression) {
    throw notASchedule(expression);
  },
};
