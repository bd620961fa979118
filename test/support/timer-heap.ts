export interface Timer {
  readonly due: number;
  /** Null: cancelled, or fired. */
  task: (() => void) | null;
}

/** Timers by due time; those of one instant in the order in which they were armed. */
export interface TimerHeap {
  add(due: number, task: () => void): Timer;
  cancel(timer: Timer): void;
  next(): Timer | undefined;
  /** Takes what `next` gave off the heap. */
  take(timer: Timer): () => void;
  /** Without the cancelled ones. */
  readonly size: number;
}

interface Ordered extends Timer {
  readonly order: number;
}

const isBefore = (one: Ordered, other: Ordered) =>
  one.due < other.due || (one.due === other.due && one.order < other.order);

/** A binary heap. The cancelled stay in it, without their task, until their turn or until they are the most. */
export function createTimerHeap(): TimerHeap {
  let heap: Ordered[] = [];
  let order = 0;
  let size = 0;

  const at = (index: number): Ordered => heap[index] as Ordered;
  const rise = (timer: Ordered) => {
    let index = heap.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(timer, at(parent))) break;
      heap[index] = at(parent);
      index = parent;
    }
    heap[index] = timer;
  };
  const popFirst = () => {
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && isBefore(at(child + 1), at(child))) child++;
      if (!isBefore(at(child), last)) break;
      heap[index] = at(child);
      index = child;
    }
    heap[index] = last;
  };
  const purge = () => {
    const alive = heap.filter(({ task }) => task !== null);
    heap = [];
    for (const timer of alive) rise(timer);
  };

  return {
    add(due, task) {
      const timer: Ordered = { due, order: order++, task };
      size++;
      rise(timer);
      return timer;
    },
    cancel(timer) {
      if (timer.task === null) return;
      timer.task = null;
      size--;
      if (heap.length > 64 && heap.length > 2 * size) purge();
    },
    next() {
      while (heap[0]?.task === null) popFirst();
      return heap[0];
    },
    take(timer) {
      const { task } = timer;
      if (timer !== heap[0] || task === null) throw new Error("this timer is not the next one");
      popFirst();
      timer.task = null;
      size--;
      return task;
    },
    get size() {
      return size;
    },
  };
}
