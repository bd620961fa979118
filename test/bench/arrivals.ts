export interface Report {
  /** As performance.now() counts. */
  readonly atMs: number;
  /** Of the CoAP message; of the payload where it came by MQTT. */
  readonly bytes: number;
  /** The JSON in it. */
  readonly json: Uint8Array;
}

/** What a server has got, by who sent it. */
export interface Arrivals {
  /** All telemetry of one access token, oldest first. */
  reports(token: string): readonly Report[];
  /** Resolves with the next report of it. Rejects after `limitMs`. */
  next(token: string, limitMs: number): Promise<Report>;
}

export function createArrivals(): Arrivals & { add(token: string, report: Report): void } {
  const seen = new Map<string, Report[]>();
  const waiting = new Map<string, (report: Report) => void>();
  return {
    reports: (token) => seen.get(token) ?? [],
    next: (token, limitMs) =>
      new Promise((resolve, reject) => {
        const limit = setTimeout(
          () => reject(new Error(`no report of ${token} in ${limitMs / 1000} s`)),
          limitMs,
        );
        waiting.set(token, (report) => {
          clearTimeout(limit);
          resolve(report);
        });
      }),
    add(token, report) {
      const known = seen.get(token) ?? [];
      known.push(report);
      seen.set(token, known);
      waiting.get(token)?.(report);
      waiting.delete(token);
    },
  };
}
