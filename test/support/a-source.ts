import { acceptAll, LOOK_DEADLINE_MS, type Source } from "../../agent/source.ts";

/** A source that is looked at every interval; a test changes what it is about. */
export const aSource = (given: Partial<Source> & Pick<Source, "name" | "collect">): Source => ({
  intervalMs: null,
  schedule: null,
  deadlineMs: LOOK_DEADLINE_MS,
  group: null,
  rule: acceptAll,
  keys: {},
  ...given,
});
