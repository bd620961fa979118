import { expect, it } from "vitest";
import { createGate } from "../../../agent/sensors/gate.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const never = new AbortController().signal;
const stuck = expect.objectContaining({ kind: "sensor", fault: "stuck" });
const later = () => {
  let finish = (_text: string) => {};
  const text = new Promise<string>((resolve) => {
    finish = resolve;
  });
  return { text, finish: (value: string) => finish(value) };
};

it("reads one thing at a time on a bus, in the order of asking", async () => {
  const gate = createGate(2);
  const began: string[] = [];
  const first = later();
  const read = (id: string, text: Promise<string>) =>
    gate.run({ id, bus: "i2c-1" }, never, () => {
      began.push(id);
      return text;
    });
  const both = Promise.all([read("a", first.text), read("b", Promise.resolve("2"))]);
  await virtualClock().settle();
  expect(began).toEqual(["a"]);
  first.finish("1");
  expect(await both).toEqual(["1", "2"]);
});

it("never reads again what has not returned, nor anything else on its bus, until it is back", async () => {
  const gate = createGate(2);
  const limit = new AbortController();
  const hung = later();
  const read = gate.run({ id: "a", bus: "x" }, limit.signal, () => hung.text);
  await virtualClock().settle();
  limit.abort();
  await expect(read).rejects.toEqual(stuck);
  const again = (id: string) => gate.run({ id, bus: "x" }, never, async () => "fresh");
  await expect(again("a")).rejects.toThrow("a: its last read has not returned");
  await expect(again("b")).rejects.toThrow("b: bus x is held by the read of a");
  hung.finish("at last");
  await virtualClock().settle();
  expect(await again("b")).toBe("fresh");
});

it("has never more than two reads out, so that two stuck ones stop all until one is back", async () => {
  const gate = createGate(2);
  const limit = new AbortController();
  const hung = [later(), later(), later()];
  let begun = 0;
  const reads = hung.map(({ text }, index) =>
    gate.run({ id: `s${index}`, bus: `bus${index}` }, limit.signal, () => {
      begun++;
      return text;
    }),
  );
  const settled = Promise.allSettled(reads);
  await virtualClock().settle();
  limit.abort();
  await settled;
  expect(begun).toBe(2);
  const other = () => gate.run({ id: "other", bus: "y" }, never, async () => "fresh");
  await expect(other()).rejects.toThrow("other: not read, 2 reads have not returned: s0, s1");
  hung[1]?.finish("late");
  await virtualClock().settle();
  expect(begun).toBe(2); // the one that waited was given up
  expect(await other()).toBe("fresh");
});
