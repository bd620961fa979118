/** As Promise.all, but rejects only when all are over: what they have opened is closed by then. */
export async function allDone<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
