import type { Queue } from "./queue.ts";

/** A queue for each key, kept only while somebody is in it. */
export function keyedQueue(create: () => Queue) {
  const queues = new Map<string, Queue>();

  return {
    async enter(key: string, ...how: Parameters<Queue["enter"]>): Promise<Disposable> {
      const queue = queues.get(key) ?? create();
      queues.set(key, queue);
      const forgetWhenEmpty = () => {
        if (queue.active === 0 && queue.waiting === 0) queues.delete(key);
      };
      try {
        const place = await queue.enter(...how);
        return {
          [Symbol.dispose]() {
            place[Symbol.dispose]();
            forgetWhenEmpty();
          },
        };
      } catch (error) {
        forgetWhenEmpty();
        throw error;
      }
    },
    get size() {
      return queues.size;
    },
  };
}

export type KeyedQueue = ReturnType<typeof keyedQueue>;
