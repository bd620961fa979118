import { AgentError } from "../errors.ts";
import type { Host } from "../ports.ts";
import { errnoOf } from "./errno.ts";
import type { ThrottleFiles } from "./throttle-files.ts";
import type { ThrottleFlags } from "./throttle-state.ts";

/** Of get_throttled: 1 frequency capped, 2 throttled, 3 soft temperature limit, each of them now. */
const THROTTLED_BITS = 0b1110;

/** Never rejects for a file that cannot be read or understood: that is an answer too. */
export async function readThrottleFlags(
  host: Host,
  { alarm, throttled }: ThrottleFiles,
): Promise<ThrottleFlags> {
  return {
    alarm: await readFlag(host, alarm, parseAlarm),
    throttled: throttled === null ? null : await readFlag(host, throttled, parseThrottled),
  };
}

async function readFlag(
  host: Host,
  path: string,
  parse: (text: string) => boolean | null,
): Promise<boolean | AgentError> {
  try {
    const text = await host.readFile(path);
    return (
      parse(text) ??
      new AgentError("sensor", `${path}: not a flag: ${JSON.stringify(text.slice(0, 40))}`)
    );
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    return new AgentError("sensor", `${path}: ${code}`, { cause: error });
  }
}

/** "1\n" */
const parseAlarm = (text: string): boolean | null =>
  /^[01]\n?$/.test(text) ? text.startsWith("1") : null;

/** "50005\n" is bits 0, 2, 16 and 18. */
const parseThrottled = (text: string): boolean | null =>
  /^[0-9a-f]{1,8}\n?$/i.test(text) ? (Number.parseInt(text, 16) & THROTTLED_BITS) !== 0 : null;
