import type { Clock, Host, ThrottleLatch } from "../ports.ts";
import { findThrottleFiles, type ThrottleFiles } from "./throttle-files.ts";
import { readThrottleFlags } from "./throttle-flags.ts";
import { createThrottleState } from "./throttle-state.ts";

/** As often as the driver itself asks the firmware: the alarm says what happened in the last such span. */
const POLL_MS = 2_000;

export interface ThrottleLatchOptions {
  readonly host: Host;
  readonly clock: Clock;
  /**
   * Whether get_throttled may be read: its first read in a boot leaves a warning with a stack trace in the kernel's log.
   * Asked at each `take`, because a reload may change the answer.
   */
  readonly mayReadThrottled: () => boolean;
}

/**
 * Looks at the alarm every 2 s from the first `take` on, so that a dip between two samples is not missed. Without an
 * alarm (no Raspberry Pi) there is no timer. A file that could not be read is read again 2 s later; `take` throws
 * AgentError `sensor` when the alarm could not be read once since the last call.
 */
export function createThrottleLatch(options: ThrottleLatchOptions): ThrottleLatch & Disposable {
  const { host, clock, mayReadThrottled } = options;
  const state = createThrottleState();
  let found: Promise<ThrottleFiles | null> | null = null;
  let looked: ThrottleFiles | null = null;
  /** Found out, not assumed. */
  let isAbsent = false;
  let withThrottled = false;
  let polling: Promise<void> | null = null;
  let timer: Disposable | null = null;
  let disposed = false;

  /** One at a time: the timer's and the caller's would count one edge twice. */
  const poll = (files: ThrottleFiles) => {
    polling ??= readThrottleFlags(host, files)
      .then(state.add)
      .finally(() => {
        polling = null;
      });
    return polling;
  };
  const keepPolling = (files: ThrottleFiles) => {
    if (disposed) return;
    timer = clock.after(POLL_MS, () => void poll(files).then(() => keepPolling(files)));
  };
  const forget = () => {
    timer?.[Symbol.dispose]();
    timer = null;
    found = null;
    isAbsent = false;
  };
  const takeFound = async (finding: Promise<ThrottleFiles | null>) => {
    const files = await finding.catch((error: unknown) => {
      found = null; // looked for again at the next call
      throw error;
    });
    looked = files;
    isAbsent = files === null;
    if (files === null) return null;
    while (!state.isRead()) await poll(files);
    if (timer === null) keepPolling(files);
    return state.take();
  };
  return {
    take() {
      if (found !== null && withThrottled !== mayReadThrottled()) forget();
      if (isAbsent) return null;
      withThrottled = mayReadThrottled();
      found ??= findThrottleFiles(host, withThrottled);
      return takeFound(found);
    },
    files: () => [looked?.alarm, looked?.throttled].filter((path) => typeof path === "string"),
    [Symbol.dispose]() {
      disposed = true;
      timer?.[Symbol.dispose]();
    },
  };
}
