/** There at once, or promised: for what is done at every beat and mostly need not wait, where a promise costs as much. */
export type Awaitable<T> = T | Promise<T>;

/** What `next` makes of it, as soon as it is there. */
export const andThen = <T, R>(
  given: Awaitable<T>,
  next: (value: T) => Awaitable<R>,
): Awaitable<R> => (given instanceof Promise ? given.then(next) : next(given));
