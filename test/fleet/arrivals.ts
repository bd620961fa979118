/** What a server met in each second of a fleet's life. */
export interface Second {
  readonly requests: number;
  /** Answered with 5.00. */
  readonly failed: number;
  /** Boards that were online when it ended. */
  readonly online: number;
}

export interface Span {
  readonly seconds: number;
  readonly requests: number;
  readonly failed: number;
  readonly meanPerSecond: number;
  readonly peakPerSecond: number;
}

/** Grown by as much at once, so that it takes no memory second by second in a soak. */
const SECONDS_AT_ONCE = 7_200;

/** The first second is 0. */
export function createArrivals() {
  let columns = columnsOf(SECONDS_AT_ONCE);
  let length = 0;
  const reach = (second: number) => {
    length = Math.max(length, second + 1);
    while (length > columns.requests.length) columns = grown(columns);
  };
  const at = (second: number): Second => ({
    requests: columns.requests[second] ?? 0,
    failed: columns.failed[second] ?? 0,
    online: columns.online[second] ?? 0,
  });
  return {
    get seconds(): readonly Second[] {
      return Array.from({ length }, (_, second) => at(second));
    },
    arrived(second: number, isFailed: boolean) {
      reach(second);
      columns.requests[second] = (columns.requests[second] ?? 0) + 1;
      if (isFailed) columns.failed[second] = (columns.failed[second] ?? 0) + 1;
    },
    online(second: number, boards: number) {
      reach(second);
      columns.online[second] = boards;
    },
    /** From second `from` until before `to`, as far as there is something. */
    span(from: number, to: number): Span {
      const seconds = Math.max(0, Math.min(to, length) - from);
      const [requests, failed] = [columns.requests, columns.failed].map((column) =>
        column.subarray(from, from + seconds),
      ) as [Uint32Array, Uint32Array];
      const total = requests.reduce((sum, count) => sum + count, 0);
      return {
        seconds,
        requests: total,
        failed: failed.reduce((sum, count) => sum + count, 0),
        meanPerSecond: seconds === 0 ? 0 : total / seconds,
        peakPerSecond: requests.reduce((most, count) => Math.max(most, count), 0),
      };
    },
  };
}

export type Arrivals = ReturnType<typeof createArrivals>;

const columnsOf = (seconds: number) => ({
  requests: new Uint32Array(seconds),
  failed: new Uint32Array(seconds),
  online: new Uint32Array(seconds),
});

function grown(columns: ReturnType<typeof columnsOf>): ReturnType<typeof columnsOf> {
  const larger = columnsOf(columns.requests.length + SECONDS_AT_ONCE);
  larger.requests.set(columns.requests);
  larger.failed.set(columns.failed);
  larger.online.set(columns.online);
  return larger;
}
