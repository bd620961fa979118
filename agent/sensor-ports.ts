/** Ports of the sensors: what a plain read of a file cannot do. */

import type { Awaitable } from "./awaitable.ts";

/**
 * What may block for seconds or for ever (1-Wire, DHT, a user's program) happens in one child process that can be
 * killed. It is started by the first call, so a board without such a sensor never has it.
 */
export interface ReaderChild {
  /**
   * Text of a file below --sysroot, at most 64 KiB. Reads of one `bus` follow each other; `timeoutMs` counts from the
   * start of the read. Rejects with an error that has `code`; "ETIMEDOUT" when the child was killed over it.
   */
  readFile(path: string, options: { bus: string; timeoutMs: number }): Promise<string>;
  /**
   * Runs a program without a shell in its own process group, one at a time, and resolves to its standard output.
   * @throws AgentError `sensor`: not found, exit status, killed after `timeoutMs`, more than 64 KiB
   */
  run(argv: readonly string[], options: { timeoutMs: number }): Promise<string>;
}

/** Looks at the Pi's under-voltage alarm every 2 s, so that no event between two samples is missed. */
export interface ThrottleLatch {
  /** What was seen since the last call. Null where this machine has no such alarm. */
  take(): Awaitable<ThrottleReport | null>;
  /** The files that it looks at; none before the first `take`. */
  files(): readonly string[];
}

export interface ThrottleReport {
  readonly underVoltage: boolean;
  /** Capped, throttled or over the soft temperature limit. Null where get_throttled is absent or not to be read. */
  readonly throttled: boolean | null;
  /** Rising edges of either since the agent started. */
  readonly events: number;
}

/** Input lines of /dev/gpiochipN (linux/gpio.h, ABI v2). */
export interface Gpio {
  /** @throws AgentError `sensor`: no such chip or line, busy, no right, no node:ffi */
  open(request: GpioRequest): GpioLine;
}

export interface GpioRequest {
  /** "gpiochip0", or the chip's label: "pinctrl-bcm2711". */
  readonly chip: string;
  /** Offset of the line, or its name: "GPIO17". */
  readonly line: number | string;
  readonly bias: "as-is" | "pull-up" | "pull-down" | "disabled";
  readonly activeLow: boolean;
  readonly edges: "none" | "rising" | "falling" | "both";
  /** 0: none. */
  readonly debounceMs: number;
}

export interface GpioLine extends Disposable {
  /** @throws AgentError `sensor` */
  isActive(): boolean;
  /** Edges since the line was opened, also those that the kernel's buffer had no room for. */
  edges(): number;
}
