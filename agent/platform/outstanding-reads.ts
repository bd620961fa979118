let outstanding = 0;
let tellAnswered: (() => void) | null = null;

/** Reads of files that the thread pool has not answered: with one of them a process cannot end in the ordinary way. */
export const outstandingReads = (): number => outstanding;

/** Counts `read` until it settles. */
export async function counted<T>(read: Promise<T>): Promise<T> {
  outstanding++;
  try {
    return await read;
  } finally {
    outstanding--;
    if (outstanding === 0) tellAnswered?.();
  }
}

/** Resolves when every read is answered, or after `limitMs`. */
export function allReadsAnswered(limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (outstanding === 0) return resolve();
    const timer = setTimeout(resolve, limitMs);
    tellAnswered = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
