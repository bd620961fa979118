import { expect, test } from "vitest";
import { faultyLink } from "../../support/faulty-link.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

function rig(seed = 1) {
  const clock = virtualClock();
  const link = faultyLink({ clock, random: seededRandom(seed) });
  const arrived: number[] = [];
  const send = (...numbers: number[]) => {
    for (const number of numbers)
      link.carry(Uint8Array.of(number), ([first = -1]) => arrived.push(first));
  };
  return { clock, link, arrived, send };
}
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

test("a clean link delivers everything in order, on a later turn", async () => {
  const { clock, arrived, send } = rig();
  send(1, 2, 3);
  expect(arrived).toEqual([]);
  await clock.advance(0);
  expect(arrived).toEqual([1, 2, 3]);
});

test("the same seed loses the same datagrams", async () => {
  const runs = await Promise.all(
    [7, 7, 8].map(async (seed) => {
      const { clock, link, arrived, send } = rig(seed);
      link.setFaults({ loss: 0.5 });
      send(...upTo(100));
      await clock.advance(0);
      return arrived;
    }),
  );
  expect(runs[0]).toEqual(runs[1]);
  expect(runs[0]).not.toEqual(runs[2]);
});

test("loss of 30 % loses about 30 % and counts them", async () => {
  const { clock, link, arrived, send } = rig();
  link.setFaults({ loss: 0.3 });
  for (let round = 0; round < 10; round++) send(...upTo(100));
  await clock.advance(0);
  expect(arrived.length).toBe(1000 - link.stats.dropped);
  expect(link.stats.dropped).toBeGreaterThan(250);
  expect(link.stats.dropped).toBeLessThan(350);
});

test("a held datagram is overtaken by those sent within holdMs", async () => {
  const { clock, link, arrived, send } = rig();
  link.setFaults({ reorder: 1, holdMs: 30 });
  send(1);
  link.setFaults({ reorder: 0 });
  send(2);
  await clock.advance(29);
  expect(arrived).toEqual([2]);
  await clock.advance(1);
  expect(arrived).toEqual([2, 1]);
});

test("a duplicate arrives twice, a corrupted datagram with one bit flipped", async () => {
  const { clock, link, arrived, send } = rig();
  link.setFaults({ duplicate: 1 });
  send(5);
  link.setFaults({ duplicate: 0, corrupt: 1 });
  send(0);
  await clock.advance(0);
  expect(arrived.slice(0, 2)).toEqual([5, 5]);
  expect([1, 2, 4, 8, 16, 32, 64, 128]).toContain(arrived[2]);
});

test("dropNext loses exactly the next ones that match", async () => {
  const { clock, link, arrived, send } = rig();
  link.dropNext(2, ([first = 0]) => first >= 10);
  send(1, 10, 2, 11, 12);
  await clock.advance(0);
  expect(arrived).toEqual([1, 2, 12]);
});

test("nothing is delivered after the disposal", async () => {
  const { clock, link, arrived, send } = rig();
  send(1);
  link[Symbol.dispose]();
  await clock.advance(1000);
  expect(arrived).toEqual([]);
  expect(clock.pending).toBe(0);
});
