import { AgentError } from "../errors.ts";
import type { ThrottleReport } from "../ports.ts";

type Flag = boolean | AgentError | null;

/** What one look at the two files gave; null: not looked at. */
export interface ThrottleFlags {
  readonly alarm: Flag;
  readonly throttled: Flag;
}

/** Null: not known since the last take. */
interface Seen {
  readonly underVoltage: boolean | null;
  readonly throttled: boolean | null;
  readonly failure: AgentError | null;
}

const nothing: Seen = { underVoltage: null, throttled: null, failure: null };

/** What was seen since the last take, and the edges since the start. */
export function createThrottleState() {
  let seen = nothing;
  let alarm = false;
  let throttled = false;
  let events = 0;
  return {
    isRead: () => seen.underVoltage !== null || seen.failure !== null,
    add(poll: ThrottleFlags) {
      const wasActive = alarm || throttled;
      // A file that could not be read says nothing about an edge: what it said last goes on.
      if (typeof poll.alarm === "boolean") alarm = poll.alarm;
      if (typeof poll.throttled === "boolean") throttled = poll.throttled;
      if (!wasActive && (alarm || throttled)) events++;
      seen = {
        underVoltage: latched(seen.underVoltage, poll.alarm),
        throttled: latched(seen.throttled, poll.throttled),
        failure: poll.alarm instanceof AgentError ? poll.alarm : null,
      };
    },
    /** @throws AgentError `sensor` when the alarm could not be read once since the last take */
    take(): ThrottleReport {
      const { underVoltage, throttled: wasThrottled, failure } = seen;
      seen = nothing;
      if (underVoltage !== null) return { underVoltage, throttled: wasThrottled, events };
      throw failure ?? new AgentError("bug", "the alarm was asked before it was read");
    },
  };
}

const latched = (before: boolean | null, now: Flag) =>
  typeof now === "boolean" ? before === true || now : before;
