import { expect, it } from "vitest";
import { createObservationBuffer } from "../../../agent/coap/observation-buffer.ts";
import type { Observation } from "../../../agent/ports.ts";

const notification = (text: string, gap = false): Observation => ({
  kind: "notification",
  response: { code: "2.05", payload: new TextEncoder().encode(text) },
  gap,
});
const taken = async (result: Promise<IteratorResult<Observation, undefined>>) =>
  (await result).value;

it("hands out in order, to readers who came before and after", async () => {
  const buffer = createObservationBuffer(10);
  const early = buffer.next();
  buffer.push(notification("one"));
  buffer.push(notification("two"));
  expect(await taken(early)).toEqual(notification("one"));
  expect(await taken(buffer.next())).toEqual(notification("two"));
});

it("drops the oldest when full and says so with the next one", async () => {
  const buffer = createObservationBuffer(2);
  for (const text of ["one", "two", "three", "four"]) buffer.push(notification(text));
  expect(await taken(buffer.next())).toEqual(notification("three", true));
  expect(await taken(buffer.next())).toEqual(notification("four"));
});

it("needs no gap once a registration has brought the whole state", async () => {
  const buffer = createObservationBuffer(2);
  const registered: Observation = {
    kind: "registered",
    response: { code: "2.05", payload: new Uint8Array() },
  };
  for (const each of [notification("lost"), registered, notification("next")]) buffer.push(each);
  expect(await taken(buffer.next())).toEqual(registered);
  expect(await taken(buffer.next())).toEqual(notification("next"));
});

it("is done after close, for waiting readers too", async () => {
  const buffer = createObservationBuffer(2);
  const waiting = buffer.next();
  buffer.close();
  buffer.push(notification("late"));
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(await buffer.next()).toEqual({ done: true, value: undefined });
});

it("tells readers the error it was closed with", async () => {
  const buffer = createObservationBuffer(2);
  const waiting = expect(buffer.next()).rejects.toThrow("broken");
  buffer.close(new Error("broken"));
  await waiting;
  await expect(buffer.next()).rejects.toThrow("broken");
});
