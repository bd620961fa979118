/** What a server met in each second of a fleet's life. */
export interface Second {
  requests: number;
  /** Answered with 5.00. */
  failed: number;
  /** Boards that were online when it ended. */
  online: number;
}

export interface Span {
  readonly seconds: number;
  readonly requests: number;
  readonly failed: number;
  readonly meanPerSecond: number;
  readonly peakPerSecond: number;
}

/** The first second is 0. */
export function createArrivals() {
  const seconds: Second[] = [];
  const at = (second: number): Second => {
    while (seconds.length <= second) seconds.push({ requests: 0, failed: 0, online: 0 });
    return seconds[second] ?? { requests: 0, failed: 0, online: 0 };
  };
  return {
    seconds: seconds as readonly Readonly<Second>[],
    arrived(second: number, isFailed: boolean) {
      const bin = at(second);
      bin.requests++;
      if (isFailed) bin.failed++;
    },
    online(second: number, boards: number) {
      at(second).online = boards;
    },
    /** From second `from` until before `to`. */
    span: (from: number, to: number): Span => spanOf(seconds.slice(from, to)),
  };
}

export type Arrivals = ReturnType<typeof createArrivals>;

export function spanOf(bins: readonly Readonly<Second>[]): Span {
  const sum = (what: "requests" | "failed") => bins.reduce((total, bin) => total + bin[what], 0);
  const requests = sum("requests");
  return {
    seconds: bins.length,
    requests,
    failed: sum("failed"),
    meanPerSecond: bins.length === 0 ? 0 : requests / bins.length,
    peakPerSecond: bins.reduce((most, bin) => Math.max(most, bin.requests), 0),
  };
}
