import type { Clock } from "../ports.ts";
import type { Shell } from "./command.ts";

/** A reload opens a new socket and sends at once: a storm of hang-ups must not become a storm of requests. */
const LEAST_BETWEEN_MS = 1_000;

/** Calls `reload` on SIGHUP: the first at once, of any that follow within a second one more. */
export function onReload(shell: Shell, clock: Clock, reload: () => Promise<void>): Disposable {
  let lastMs = Number.NEGATIVE_INFINITY;
  let waiting: Disposable | null = null;
  let last = Promise.resolve();
  const now = () => {
    waiting = null;
    lastMs = clock.monotonic();
    // One after the other: a slow one must not be overtaken and then win over the newer.
    last = last.then(reload);
  };
  const hangup = shell.onHangup(() => {
    const restMs = lastMs + LEAST_BETWEEN_MS - clock.monotonic();
    if (restMs <= 0) now();
    else waiting ??= clock.after(restMs, now);
  });
  return {
    [Symbol.dispose]() {
      hangup[Symbol.dispose]();
      waiting?.[Symbol.dispose]();
    },
  };
}
