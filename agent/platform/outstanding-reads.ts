let outstanding = 0;

/** Reads of files that the thread pool has not answered: with one of them a process cannot end in the ordinary way. */
export const outstandingReads = (): number => outstanding;

/** Counts `read` until it settles. */
export async function counted<T>(read: Promise<T>): Promise<T> {
  outstanding++;
  try {
    return await read;
  } finally {
    outstanding--;
  }
}
