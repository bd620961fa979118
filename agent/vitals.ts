import type { Clock, ServiceManager } from "./ports.ts";

/** What a part promises: a sign of life within this time. A planned wait is life; only silence beyond it is not. */
export interface Vitals {
  /** `Infinity` while the part waits for another part's doing. */
  expect(part: string, withinMs: number): void;
  /** Parts that are overdue, by name. */
  overdue(): readonly string[];
}

/** A request that runs into its deadline, and a slow disk, are no hang. */
const SLACK_MS = 30_000;

export function createVitals(clock: Clock): Vitals {
  const dueMs = new Map<string, number>();
  return {
    expect: (part, withinMs) => void dueMs.set(part, clock.monotonic() + withinMs + SLACK_MS),
    overdue: () => [...dueMs].filter(([, due]) => clock.monotonic() > due).map(([part]) => part),
  };
}

/** Feeds systemd's watchdog with progress, not with a bare timer: when a part hangs, the feeding stops. */
export function feedWatchdog(clock: Clock, services: ServiceManager, vitals: Vitals): Disposable {
  const { watchdogMs } = services;
  if (watchdogMs === null) return { [Symbol.dispose]() {} };
  let timer: Disposable;
  const arm = () => {
    timer = clock.after(watchdogMs, () => {
      if (vitals.overdue().length === 0) services.watchdog();
      arm();
    });
  };
  arm();
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
