import type { Observation } from "../ports.ts";

export interface ObservationBuffer {
  push(observation: Observation): void;
  /** The oldest one not taken yet, as soon as there is one; done after `close`. */
  next(): Promise<IteratorResult<Observation, undefined>>;
  /** What was not taken is dropped. With an error, the next reader is told. */
  close(error?: unknown): void;
}

/** Between the socket, which never waits, and a reader who may: the oldest goes first, and leaves a gap. */
export function createObservationBuffer(capacity: number): ObservationBuffer {
  const waiting: Observation[] = [];
  const readers: PromiseWithResolvers<IteratorResult<Observation, undefined>>[] = [];
  let lostOne = false;
  let closed = false;
  let failure: unknown;

  const take = (): Observation | undefined => {
    const oldest = waiting.shift();
    if (oldest?.kind === "registered") lostOne = false;
    if (!lostOne || oldest?.kind !== "notification") return oldest;
    lostOne = false;
    return { ...oldest, gap: true };
  };

  return {
    push(observation) {
      if (closed) return;
      waiting.push(observation);
      if (waiting.length > capacity) {
        waiting.shift();
        lostOne = true;
      }
      const reader = readers.shift();
      const value = reader && take();
      if (value) reader?.resolve({ done: false, value });
    },
    async next() {
      if (failure !== undefined) throw failure;
      if (closed) return { done: true, value: undefined };
      const value = take();
      if (value) return { done: false, value };
      const reader = Promise.withResolvers<IteratorResult<Observation, undefined>>();
      readers.push(reader);
      return reader.promise;
    },
    close(error) {
      if (closed) return;
      closed = true;
      failure = error;
      waiting.length = 0;
      for (const reader of readers.splice(0)) {
        if (error === undefined) reader.resolve({ done: true, value: undefined });
        else reader.reject(error);
      }
    },
  };
}
