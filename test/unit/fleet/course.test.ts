import { expect, it } from "vitest";
import { runCourse } from "../../fleet/course.ts";
import { switchedOn } from "../../fleet/power.ts";
import { judge } from "../../fleet/verdict.ts";
import { openSite } from "../../fleet/virtual-site.ts";

it("a site of boards lives through power cuts and a server that is away: all come back, nothing is lost", async () => {
  const boards = 40;
  const site = await openSite({ boards, intervalMs: 60_000, seed: 7 });
  const said: string[] = [];
  const course = await runCourse(site, {
    soakMinutes: 3,
    limitTimes: 8, // of so few boards the beats are uneven
    say: (text) => said.push(text),
    heapBytes: () => 1e6,
  });
  expect(said).toHaveLength(course.chapters.length);
  const { accepted } = course.balance;
  expect(course.balance).toEqual({ accepted, stored: accepted, waiting: 0, dropped: 0, off: 0 });
  expect(accepted).toBeGreaterThan(boards * 15);
  const devices = Object.values(site.sandbox.state().devices);
  expect(devices).toHaveLength(boards);
  expect(devices.every(({ provisioned }) => provisioned)).toBe(true);
  // With so few boards a peak says nothing: two in one second are many.
  expect(judge(course).filter(({ what, kept }) => !kept && !what.includes("peak"))).toEqual([]);
  const limited = course.chapters.find(({ limit }) => limit !== null);
  expect(limited?.limit).toMatchObject({ perSecond: Math.ceil((8 * boards) / 60) });
  expect(limited?.failed, "refused by the tenant's limit").toBeGreaterThan(0);
  const back = course.chapters.find(({ name }) => name === "power is back");
  expect(back?.allOnlineAfterS).toBeLessThanOrEqual(31);
});

it("what a board does is over with its power", async () => {
  const site = await openSite({ boards: 1, intervalMs: 10_000, seed: 3 });
  const [board] = site.boards;
  await board?.powerOn();
  for (let second = 0; second < 150; second++) await site.second();
  expect(board?.isOnline).toBe(true);
  const before = site.balance();
  board?.powerCut();
  expect(site.clock.pending, "timers of the sandbox, and none of the board's").toBeLessThan(5);
  for (let second = 0; second < 60; second++) await site.second();
  expect(site.balance()).toEqual(before);
  expect(board?.isOnline).toBe(false);
});

it("a socket that was being opened when the power went is closed", async () => {
  const site = await openSite({ boards: 1, intervalMs: 10_000, seed: 3 });
  const opened: string[] = [];
  const { network, cut } = switchedOn(site.clock, {
    resolve: async () => [],
    async connect() {
      opened.push("open");
      return { send() {}, [Symbol.dispose]: () => void opened.push("closed") };
    },
  });
  const connecting = network.connect(
    { host: "192.0.2.1", port: 5683 },
    { received() {}, failed() {}, closed() {} },
  );
  cut();
  await connecting;
  expect(opened).toEqual(["open", "closed"]);
});
