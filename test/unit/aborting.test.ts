import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { abortingWith, actsWaiting, onAbort, untilAborted } from "../../agent/aborting.ts";

const recorder = () => {
  const heard: string[] = [];
  return { heard, say: (word: string) => () => void heard.push(word) };
};

it("does each act once, in their order, and puts one listener on the signal for all", () => {
  const { heard, say } = recorder();
  const controller = new AbortController();
  for (const word of ["one", "two", "three"]) onAbort(controller.signal, say(word));
  expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
  controller.abort();
  controller.abort();
  expect(heard).toEqual(["one", "two", "three"]);
});

it("passes over what was taken back, even while the others are done", () => {
  const { heard, say } = recorder();
  const controller = new AbortController();
  onAbort(controller.signal, say("taken back"))();
  onAbort(controller.signal, () => last());
  const last = onAbort(controller.signal, say("taken back by the one before"));
  onAbort(controller.signal, say("kept"));
  controller.abort();
  expect(heard).toEqual(["kept"]);
});

it("does nothing on a signal that has aborted", () => {
  const { heard, say } = recorder();
  const controller = new AbortController();
  onAbort(controller.signal, say("before"));
  controller.abort();
  onAbort(controller.signal, say("after"));
  onAbort(AbortSignal.abort(), say("after"));
  expect(heard).toEqual(["before"]);
});

it("goes on with what others do, and leaves the signal alone once the work is done", async () => {
  const controller = new AbortController();
  const work = Promise.withResolvers<number>();
  const first = untilAborted(work.promise, controller.signal);
  const done = untilAborted(Promise.resolve(7), controller.signal);
  expect(await done).toBe(7);
  await expect(
    untilAborted(Promise.reject(new Error("broken")), controller.signal),
  ).rejects.toThrow("broken");
  expect(actsWaiting(controller.signal)).toBe(1);
  controller.abort(new Error("stopped"));
  expect(actsWaiting(controller.signal)).toBe(0);
  await expect(first).rejects.toThrow("stopped");
  await expect(untilAborted(work.promise, controller.signal)).rejects.toThrow("stopped");
});

it("leaves no failure of the work to nobody where it was stopped before", async () => {
  const unheard: unknown[] = [];
  const listen = (error: unknown) => unheard.push(error);
  process.on("unhandledRejection", listen);
  const stopped = AbortSignal.abort(new Error("stopped"));
  await expect(untilAborted(Promise.reject(new Error("broken")), stopped)).rejects.toThrow(
    "stopped",
  );
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", listen);
  expect(unheard).toEqual([]);
});

it("aborts with either signal, with its reason, until it is let go", () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const both = abortingWith(one.signal, other.signal);
  const letGo = abortingWith(one.signal, other.signal);
  letGo[Symbol.dispose]();
  other.abort("enough");
  expect(both.signal.reason).toBe("enough");
  expect(letGo.signal.aborted).toBe(false);
  expect(abortingWith(one.signal, other.signal).signal.reason).toBe("enough");
});
