import type { Clock, Host, Logger } from "../ports.ts";
import type { Gpio, ReaderChild, ThrottleLatch } from "../sensor-ports.ts";
import { createGpio } from "./gpio.ts";
import { createHost } from "./host.ts";
import { ownProgram } from "./own-program.ts";
import { createReaderChild } from "./reader-child.ts";
import { createThrottleLatch } from "./throttle-latch.ts";

/** What readings come from: the files of a machine, its input lines, and the child for what may hang. */
export interface Machine extends AsyncDisposable {
  readonly host: Host;
  readonly reader: ReaderChild;
  readonly gpio: Gpio;
  readonly throttle: ThrottleLatch;
  readonly log: Logger;
}

export interface MachineOptions {
  /** "/" in service; below it lie /proc, /sys and /etc. */
  readonly root: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether get_throttled may be read: it costs one kernel warning per boot. */
  readonly mayReadThrottled: () => boolean;
}

/** Opens nothing before it is asked for: no child, no timer, no device. */
export function openMachine({ root, clock, log, mayReadThrottled }: MachineOptions): Machine {
  const host = createHost({ root });
  const gpio = createGpio();
  const throttle = createThrottleLatch({ host, clock, mayReadThrottled });
  const program = ownProgram(["reader", "--sysroot", root]);
  const reader = createReaderChild({ program, clock, log: log.child("reader") });
  return {
    host,
    reader,
    gpio,
    throttle,
    log,
    async [Symbol.asyncDispose]() {
      throttle[Symbol.dispose]();
      gpio[Symbol.dispose]();
      await reader[Symbol.asyncDispose]();
    },
  };
}
