import { expect, it } from "vitest";
import { keyedQueue } from "../../../agent/coap/keyed-queue.ts";
import { createQueue, PRIORITY, type Priority } from "../../../agent/coap/queue.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const never = new AbortController().signal;

function rig(places = 1, maxWaiting = 10) {
  const clock = virtualClock();
  const queue = createQueue({ clock, peer: "peer", places, maxWaiting, deadlineMs: 120_000 });
  const order: string[] = [];
  const enter = async (name: string, priority: Priority, signal = never) => {
    const place = await queue.enter(priority, signal);
    order.push(name);
    return place;
  };
  return { clock, queue, order, enter };
}

it("lets one in at a time, in order of arrival", async () => {
  const { enter, order, queue } = rig();
  const first = await enter("first", PRIORITY.normal);
  const others = [enter("second", PRIORITY.normal), enter("third", PRIORITY.normal)];
  expect(queue).toMatchObject({ active: 1, waiting: 2 });
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  (await others[0])?.[Symbol.dispose]();
  (await others[1])?.[Symbol.dispose]();
  expect(order).toEqual(["first", "second", "third"]);
  expect(queue).toMatchObject({ active: 0, waiting: 0 });
});

it("lets NSTART in at a time", async () => {
  const { enter, order, clock } = rig(3);
  for (const name of ["a", "b", "c", "d"]) void enter(name, PRIORITY.normal);
  await clock.settle();
  expect(order).toEqual(["a", "b", "c"]);
});

it("puts urgent first, then the next block of a transfer, then the rest", async () => {
  const { enter, order, clock } = rig();
  const first = await enter("first", PRIORITY.normal);
  const waiting = [
    enter("normal", PRIORITY.normal),
    enter("block", PRIORITY.continuation),
    enter("urgent", PRIORITY.urgent),
    enter("urgent too", PRIORITY.urgent),
  ];
  first[Symbol.dispose]();
  for (const place of waiting) void place.then((given) => given[Symbol.dispose]());
  await clock.settle();
  expect(order).toEqual(["first", "urgent", "urgent too", "block", "normal"]);
});

it("gives up after the limit in the queue", async () => {
  const { enter, clock, queue } = rig();
  await enter("first", PRIORITY.normal);
  const late = expect(enter("late", PRIORITY.normal)).rejects.toMatchObject({
    failure: "timeout",
    phase: "queue",
  });
  await clock.advance(120_000);
  await late;
  expect(queue.waiting).toBe(0);
  expect(clock.pending).toBe(0);
});

it("refuses more than its bound, except the next block of a transfer under way", async () => {
  const { enter, queue } = rig(1, 1);
  await enter("first", PRIORITY.normal);
  void enter("second", PRIORITY.normal);
  await expect(enter("third", PRIORITY.urgent)).rejects.toMatchObject({ phase: "queue" });
  void enter("block", PRIORITY.continuation);
  expect(queue.waiting).toBe(2);
});

it("leaves the queue when cancelled, also before it entered", async () => {
  const { enter, queue, clock } = rig();
  await enter("first", PRIORITY.normal);
  const controller = new AbortController();
  const waiting = expect(enter("second", PRIORITY.normal, controller.signal)).rejects.toMatchObject(
    { failure: "cancelled" },
  );
  controller.abort();
  await waiting;
  await expect(enter("third", PRIORITY.normal, controller.signal)).rejects.toMatchObject({
    failure: "cancelled",
  });
  expect(queue.waiting).toBe(0);
  expect(clock.pending).toBe(0);
});

it("keeps a queue for a key only while somebody is in it", async () => {
  const { clock } = rig();
  const alone = keyedQueue(() =>
    createQueue({ clock, peer: "peer", places: 1, maxWaiting: 1, deadlineMs: 10 }),
  );
  const a = await alone.enter("a", PRIORITY.normal, never);
  const b = await alone.enter("b", PRIORITY.normal, never);
  const again = alone.enter("a", PRIORITY.normal, never);
  expect(alone.size).toBe(2);
  a[Symbol.dispose]();
  (await again)[Symbol.dispose]();
  b[Symbol.dispose]();
  expect(alone.size).toBe(0);
});
