import { expect, it } from "vitest";
import { createAttributeReporter } from "../../../agent/device/attribute-reporter.ts";
import type { Inventory, Readings } from "../../../agent/ports.ts";
import { createDeviceApi } from "../../../agent/thingsboard/device-api.ts";
import { type Answer, answer, fakeServer, textOf } from "../../support/fake-server.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const MINUTE = 60_000;
const never = new AbortController().signal;
const noAnswer = (): Answer => answer("5.00");

function startReporter(
  overrides: {
    gather?: () => Promise<Readings>;
    inventory?: Inventory;
    withheld?: readonly string[];
  } = {},
) {
  const clock = virtualClock();
  const log = recordingLog();
  const facts: Record<string, string> = { kernel: "6.12-rpi", hostname: "pi" };
  const told: string[] = [];
  const server = {
    respond: (): Answer => answer("2.01"),
  };
  const api = createDeviceApi(
    fakeServer((request) => {
      const response = server.respond();
      told.push(`${request.path[2]} ${textOf(request)}`);
      return response;
    }),
  );
  const asked = { inventory: 0 };
  const reporter = createAttributeReporter({
    gather: async () => ({ ...facts }),
    inventory: {
      async read() {
        asked.inventory++;
        return { osCodename: "trixie", hostname: "of the inventory" };
      },
    },
    withheld: [],
    api,
    clock,
    random: { fraction: () => 0.999, bytes: (size) => new Uint8Array(size) },
    log,
    ...overrides,
  });
  const deliver = (token = "t") => reporter.afterDelivery({ accessToken: token }, never);
  return { clock, log, facts, told, server, asked, reporter, deliver };
}

const ALL = 't {"kernel":"6.12-rpi","hostname":"pi"}';

it("sends all attributes after the first delivery, and what the inventory adds after them", async () => {
  const { told, deliver } = startReporter();
  await deliver();
  expect(told).toEqual([ALL, 't {"osCodename":"trixie"}']);
});

it("never tells what is to stay on the board, from whichever source, nor that it has changed", async () => {
  const { clock, told, facts, deliver } = startReporter({ withheld: ["hostname", "osCodename"] });
  await deliver();
  expect(told).toEqual(['t {"kernel":"6.12-rpi"}']);
  facts["hostname"] = "greenhouse";
  await clock.advance(15 * MINUTE);
  await deliver();
  expect(told).toHaveLength(1);
});

it("looks again after 15 minutes, and sends only what has changed", async () => {
  const { clock, told, facts, deliver } = startReporter();
  await deliver();
  facts["hostname"] = "greenhouse";
  await clock.advance(14 * MINUTE);
  await deliver();
  expect(told).toHaveLength(2);
  await clock.advance(MINUTE);
  await deliver();
  expect(told.slice(2)).toEqual(['t {"hostname":"greenhouse"}']);
  await clock.advance(15 * MINUTE);
  await deliver();
  expect(told).toHaveLength(3);
});

it("a step of the wall clock is no reason to look", async () => {
  const { clock, told, facts, deliver } = startReporter();
  await deliver();
  facts["hostname"] = "greenhouse";
  clock.stepWall(365 * 24 * 60 * MINUTE);
  await deliver();
  expect(told).toHaveLength(2);
});

it("a refresh sends everything anew after the next delivery", async () => {
  const { told, reporter, deliver } = startReporter();
  await deliver();
  reporter.refresh();
  expect(told).toHaveLength(2);
  await deliver();
  expect(told.slice(2)).toEqual([ALL, 't {"osCodename":"trixie"}']);
});

it("looks at once after the next delivery when something it tells of has changed, and sends only that", async () => {
  const { told, facts, reporter, deliver } = startReporter();
  await deliver();
  facts["hostname"] = "greenhouse";
  reporter.recheck();
  expect(told).toHaveLength(2);
  await deliver();
  await deliver();
  expect(told.slice(2)).toEqual(['t {"hostname":"greenhouse"}']);
});

it("a change in the middle of a report is told with the next delivery", async () => {
  const { told, facts, reporter, deliver } = startReporter();
  const first = deliver();
  facts["outageCause"] = "dns";
  reporter.recheck();
  await first;
  await deliver();
  expect(told.slice(2)).toEqual(['t {"outageCause":"dns"}']);
});

it("a refresh during a report is not lost", async () => {
  const { told, reporter, deliver } = startReporter();
  const first = deliver();
  reporter.refresh();
  await first;
  await deliver();
  expect(told.filter((text) => text === ALL)).toHaveLength(2);
});

it("a failure waits for a later delivery, with back-off, and is logged the 1st, 2nd, 4th, 8th time", async () => {
  const { clock, log, told, server, asked, deliver } = startReporter();
  server.respond = noAnswer;
  const tries: number[] = [];
  for (let second = 0; second < 3_600; second++) {
    const before = told.length;
    await deliver();
    if (told.length > before) tries.push(second);
    await clock.advance(1_000);
  }
  expect(tries).toEqual([0, 10, 30, 70, 150, 310, 630, 1270, 2170, 3070]);
  expect(log.lines.map(({ level, fields }) => [level, fields["count"]])).toEqual([
    ["warn", 1],
    ["warn", 2],
    ["warn", 4],
    ["warn", 8],
  ]);
  expect(asked.inventory).toBe(0);
  server.respond = () => answer("2.01");
  await clock.advance(15 * MINUTE);
  await deliver();
  expect(told.slice(-2)).toEqual([ALL, 't {"osCodename":"trixie"}']);
});

it("a refresh does not break into a back-off", async () => {
  const { clock, told, server, reporter, deliver } = startReporter();
  server.respond = noAnswer;
  await deliver();
  reporter.refresh();
  await deliver();
  expect(told).toHaveLength(1);
  await clock.advance(10_000);
  await deliver();
  expect(told).toHaveLength(2);
});

it("what the server refuses with 4.00 is not sent again until it changes", async () => {
  const { clock, log, told, facts, server, deliver } = startReporter();
  server.respond = () => answer("4.00");
  await deliver();
  expect(told).toHaveLength(2); // the inventory may still pass
  expect(log.lines.map(({ level }) => level)).toEqual(["error", "error"]);
  server.respond = () => answer("2.01");
  await clock.advance(15 * MINUTE);
  await deliver();
  expect(told).toHaveLength(2);
  facts["kernel"] = "6.13-rpi";
  await clock.advance(15 * MINUTE);
  await deliver();
  expect(told.slice(2)).toEqual(['t {"kernel":"6.13-rpi"}']);
});

it("another device gets all of them: it has none yet", async () => {
  const { told, deliver } = startReporter();
  await deliver("old");
  await deliver("new");
  expect(told.slice(2)).toEqual([
    'new {"kernel":"6.12-rpi","hostname":"pi"}',
    'new {"osCodename":"trixie"}',
  ]);
});

it("deliveries during a report do not start a second one", async () => {
  const { told, asked, deliver } = startReporter();
  await Promise.all([deliver(), deliver(), deliver()]);
  expect(told).toHaveLength(2);
  expect(asked.inventory).toBe(1);
});

it("ends with the signal, without a word", async () => {
  const stop = new AbortController();
  const { log, reporter } = startReporter({
    inventory: {
      read: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        }),
    },
  });
  const reported = reporter.afterDelivery({ accessToken: "t" }, stop.signal);
  stop.abort(new Error("stopped"));
  await reported;
  expect(log.lines.filter(({ level }) => level !== "info")).toEqual([]);
});

it("a bug is no failure to try again", async () => {
  const bug = new TypeError("oops");
  const { deliver } = startReporter({ gather: () => Promise.reject(bug) });
  await expect(deliver()).rejects.toBe(bug);
});

it("an attribute that cannot be sent is named once, and the rest goes", async () => {
  const { clock, log, told, deliver } = startReporter({
    gather: async () => ({ values: 1, kernel: "6.12-rpi" }),
    inventory: { read: async () => ({}) },
  });
  await deliver();
  await clock.advance(15 * MINUTE);
  await deliver();
  expect(told).toEqual(['t {"kernel":"6.12-rpi"}']);
  expect(log.lines.filter(({ level }) => level === "warn")).toMatchObject([
    { fields: { key: "values" } },
  ]);
});

it("a file that hangs is read once, holds nobody up, and is let go with the signal", async () => {
  let reads = 0;
  const stop = new AbortController();
  const { clock, log, reporter } = startReporter({
    gather: () => {
      reads++;
      return new Promise(() => {});
    },
  });
  const first = reporter.afterDelivery({ accessToken: "t" }, stop.signal);
  await clock.advance(10_000);
  await first;
  expect(log.lines).toMatchObject([{ level: "warn", fields: { count: 1 } }]);
  await clock.advance(10_000);
  const second = reporter.afterDelivery({ accessToken: "t" }, stop.signal);
  stop.abort(new Error("stopped"));
  await second;
  expect(reads).toBe(1);
  expect(clock.pending).toBe(0);
});
