import { describe, expect, it } from "vitest";
import { createThrottleLatch } from "../../../agent/platform/throttle-latch.ts";
import type { Host } from "../../../agent/ports.ts";
import type { FixtureName } from "../../fixtures/make-fixtures.ts";
import { failingAt, fixtureHost } from "../../support/fixtures.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const ALARM = "/sys/class/hwmon/hwmon1/in0_lcrit_alarm";
const WORD = "/sys/devices/platform/soc/soc:firmware/get_throttled";

/** A Raspberry Pi 4 whose two files the test writes; an Error in place of a text is thrown. */
function board(files: { alarm?: string | Error; word?: string | Error } = {}) {
  const now: { alarm: string | Error; word: string | Error } = {
    alarm: "0\n",
    word: "0\n",
    ...files,
  };
  const reads: string[] = [];
  const pi4 = fixtureHost("pi4");
  const host: Host = {
    ...pi4,
    async readFile(path, limitBytes) {
      if (path !== ALARM && path !== WORD) return pi4.readFile(path, limitBytes);
      reads.push(path);
      const text = path === ALARM ? now.alarm : now.word;
      if (text instanceof Error) throw text;
      return text;
    },
  };
  const clock = virtualClock();
  const open = (readThrottled = true) =>
    createThrottleLatch({ host, clock, mayReadThrottled: () => readThrottled });
  return { now, reads, host, clock, open };
}
const failure = (code: string) => Object.assign(new Error(code), { code });
const calm = { underVoltage: false, throttled: false, events: 0 };

describe("between two samples", () => {
  it("no event is missed, and none is reported twice", async () => {
    const { now, clock, open } = board();
    using latch = open();
    expect(await latch.take()).toEqual(calm);
    await clock.advance(3_000);
    now.alarm = "1\n";
    await clock.advance(2_000);
    now.alarm = "0\n";
    await clock.advance(5_000);
    expect(await latch.take()).toEqual({ underVoltage: true, throttled: false, events: 1 });
    await clock.advance(10_000);
    expect(await latch.take()).toEqual({ ...calm, events: 1 });
  });

  it("each event counts once, however long it lasts, whichever of the two it is", async () => {
    const { now, clock, open } = board();
    using latch = open();
    await latch.take();
    now.alarm = "1\n";
    await clock.advance(6_000);
    now.word = "2\n"; // capped while the supply is still weak: one event
    await clock.advance(6_000);
    now.alarm = "0\n";
    await clock.advance(6_000);
    expect(await latch.take()).toEqual({ underVoltage: true, throttled: true, events: 1 });
    now.word = "0\n";
    await clock.advance(4_000);
    now.word = "8\n";
    await clock.advance(4_000);
    expect(await latch.take()).toEqual({ underVoltage: false, throttled: true, events: 2 });
  });

  it("what lasts since before the start is an event", async () => {
    using latch = board({ alarm: "1\n", word: "50005\n" }).open();
    expect(await latch.take()).toEqual({ underVoltage: true, throttled: true, events: 1 });
  });

  it("two takes within 2 s look afresh: neither gets the other's old news", async () => {
    const { now, open } = board({ alarm: "1\n" });
    using latch = open();
    expect(await latch.take()).toMatchObject({ underVoltage: true });
    now.alarm = "0\n";
    expect(await latch.take()).toMatchObject({ underVoltage: false });
    const [one, other] = await Promise.all([latch.take(), latch.take()]);
    expect([one, other]).toEqual([
      { ...calm, events: 1 },
      { ...calm, events: 1 },
    ]);
  });
});

describe("the word of the firmware", () => {
  it.each([
    ["0\n", false],
    ["1\n", false], // under-voltage alone is the alarm's
    ["2\n", true],
    ["4\n", true],
    ["8\n", true],
    ["50000\n", false], // sticky bits: not now
    ["50005\n", true],
    ["E0008\n", true],
  ])("%j, hexadecimal without 0x, says %j", async (word, throttled) => {
    using latch = board({ word }).open();
    expect(await latch.take()).toMatchObject({ throttled });
  });

  it("is never touched where it is not to be read: its first read leaves a warning in the kernel's log", async () => {
    const { clock, reads, open } = board({ word: "4\n" });
    using latch = open(false);
    expect(await latch.take()).toEqual({ ...calm, throttled: null });
    await clock.advance(10_000);
    expect(reads).not.toContain(WORD);
  });

  it("may be absent", async () => {
    const { host, clock } = board();
    const folder = "/sys/devices/platform/soc/soc:firmware";
    using latch = createThrottleLatch({
      host: failingAt(host, folder, "ENOENT"),
      clock,
      mayReadThrottled: () => true,
    });
    expect(await latch.take()).toEqual({ ...calm, throttled: null });
  });

  it.each([["0x4\n"], [""], ["nan\n"], [failure("EIO")]])(
    "that cannot be understood or read leaves the alarm as it is: %j",
    async (word) => {
      using latch = board({ alarm: "1\n", word }).open();
      expect(await latch.take()).toEqual({ underVoltage: true, throttled: null, events: 1 });
    },
  );
});

describe("an alarm that cannot be read", () => {
  it("is an error of a sensor, and polling goes on", async () => {
    const { now, clock, open } = board({ alarm: failure("EIO") });
    using latch = open();
    await expect(latch.take()).rejects.toMatchObject({ kind: "sensor", message: `${ALARM}: EIO` });
    now.alarm = "maybe\n";
    await expect(latch.take()).rejects.toMatchObject({
      kind: "sensor",
      message: `${ALARM}: not a flag: "maybe\\n"`,
    });
    now.alarm = "1\n";
    await clock.advance(2_000);
    now.alarm = "0\n";
    await clock.advance(4_000);
    expect(await latch.take()).toEqual({ underVoltage: true, throttled: false, events: 1 });
  });

  it("for some of the time hides no event, and makes none", async () => {
    const { now, clock, open } = board({ alarm: "1\n" });
    using latch = open();
    await latch.take();
    now.alarm = failure("EIO");
    await clock.advance(4_000);
    now.alarm = "1\n";
    await clock.advance(4_000);
    expect(await latch.take()).toEqual({ underVoltage: true, throttled: false, events: 1 });
  });

  it("that went away does not stop the timer", async () => {
    const { now, clock, open } = board();
    using latch = open();
    await latch.take();
    now.alarm = failure("ENOENT");
    await clock.advance(60_000);
    await expect(latch.take()).rejects.toMatchObject({ kind: "sensor" });
    expect(clock.pending).toBe(1);
    now.alarm = "0\n";
    await clock.advance(2_000);
    expect(await latch.take()).toEqual(calm);
  });
});

describe("the timer", () => {
  it("is not there before the first take, nor after the end", async () => {
    const { clock, reads, open } = board();
    const latch = open();
    await clock.advance(10_000);
    expect([clock.pending, reads.length]).toEqual([0, 0]);
    await latch.take();
    expect(clock.pending).toBe(1);
    latch[Symbol.dispose]();
    expect(clock.pending).toBe(0);
  });

  it("does not come back when the end falls into a read", async () => {
    const { clock, open } = board();
    const latch = open();
    const taken = latch.take();
    latch[Symbol.dispose]();
    await taken;
    expect(clock.pending).toBe(0);
  });

  it("costs nothing on a machine without the chip, which is looked for once", async () => {
    const clock = virtualClock();
    const x64 = fixtureHost("x64");
    let listed = 0;
    const host: Host = {
      ...x64,
      readDir: (path) => {
        listed++;
        return x64.readDir(path);
      },
    };
    using latch = createThrottleLatch({ host, clock, mayReadThrottled: () => true });
    expect(await latch.take()).toBeNull();
    expect(await latch.take()).toBeNull();
    expect([clock.pending, listed]).toEqual([0, 1]);
  });
});

describe("the files", () => {
  it.each([
    ["pi4", calm],
    ["pi5", calm],
    ["zero2w", { underVoltage: true, throttled: true, events: 1 }],
    ["x64", null],
  ] as const satisfies readonly [FixtureName, unknown][])(
    "of the %s say %j",
    async (name, said) => {
      const host = fixtureHost(name);
      using latch = createThrottleLatch({
        host,
        clock: virtualClock(),
        mayReadThrottled: () => true,
      });
      expect(await latch.take()).toEqual(said);
    },
  );

  it("are looked for again when it could not be told which chip is which", async () => {
    const { host, clock } = board();
    let failing = true;
    const name = "/sys/class/hwmon/hwmon1/name";
    const broken = failingAt(host, name, "EIO");
    const latch = createThrottleLatch({
      host: { ...host, readFile: (path) => (failing ? broken : host).readFile(path) },
      clock,
      mayReadThrottled: () => true,
    });
    await expect(latch.take()).rejects.toMatchObject({ kind: "sensor", message: `${name}: EIO` });
    expect(clock.pending).toBe(0);
    failing = false;
    expect(await latch.take()).toEqual(calm);
    latch[Symbol.dispose]();
  });
});
