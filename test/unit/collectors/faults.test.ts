import { describe, expect, it } from "vitest";
import type { Collector, Devices } from "../../../agent/collectors/collector.ts";
import { collectors, defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { AgentError } from "../../../agent/errors.ts";
import { createThrottleLatch } from "../../../agent/platform/throttle-latch.ts";
import type { Host } from "../../../agent/ports.ts";
import { fixtureDisk } from "../../fixtures/disk.ts";
import type { FixtureName } from "../../fixtures/make-fixtures.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";
import { expectPlausible } from "../../support/plausible.ts";
import { chosenSeed, seededRandom } from "../../support/seeded-random.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const devicesOf = (host: Host): Devices => ({
  ...noDevices,
  throttle: createThrottleLatch({ host, clock: virtualClock(), mayReadThrottled: () => true }),
});
const open = (collector: Collector, host: Host) =>
  collector.open(host, defaultCollectorSettings, devicesOf(host));
const outcome = (collector: Collector, host: Host) =>
  lookAt(open(collector, host), 0).catch((error: unknown) => error);

const expected: readonly (readonly [
  board: FixtureName,
  errors: Readonly<Record<string, string>>,
])[] = [
  [
    "faulty",
    {
      cpu: "/proc/stat: EISDIR",
      frequency:
        '/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq: not a frequency in kHz: "<unknown>"',
      thermal: '/sys/class/thermal/thermal_zone0/temp: not a temperature in millidegrees: "12abc"',
      load: '/proc/loadavg: not load averages: "nan nan nan 1/2 3"',
      memory: '/proc/meminfo: not a size in kB: "MemTotal:         12abc kB"',
      swap: '/proc/meminfo: not a size in kB: "SwapTotal:        64 MB"',
      pressure:
        '/proc/pressure/cpu: not a share of stalled time: "some avg10=nan avg60=0.00 avg300=0.00 to…"',
      root: '/proc/self/mountinfo: not a mount of /: "43 42 179:2 / / rw,noatime shared:1 - ex…"',
      "disk-io": '/proc/diskstats: not a disk\'s counters: " 179       0 mmcblk0 31041 10862 -1"',
      network: `/proc/net/dev: not an interface's counters: "${"x".repeat(40)}…"`,
      wifi: '/proc/net/wireless: not an interface\'s reception: " wlan0: 0000   58."',
      uptime: '/proc/uptime: not seconds since boot: ""',
      agent:
        '/proc/self/status: not the status of a process: "Name:\\tpipit\\nRssAnon:\\t12abc kB"',
    },
  ],
  [
    "faulty-pi",
    {
      throttle: '/sys/class/hwmon/hwmon0/in0_lcrit_alarm: not a flag: "maybe\\n"',
      power: '/sys/class/hwmon/hwmon0/in0_input: not a voltage in mV: "877mV"',
      fan: '/sys/class/hwmon/hwmon1/fan1_input: not a speed in rpm: "-1"',
      rtc: '/sys/class/rtc/rtc0/battery_voltage: not a voltage in µV: ""',
      sd: '/sys/block/mmcblk0/stat: not a disk\'s counters: "1 2 3"',
    },
  ],
];

describe.each(expected)("on the board %s", (board, errors) => {
  it.each(Object.entries(errors))("%s says what is wrong with which file", async (name, said) => {
    const collector = collectors.find((candidate) => candidate.name === name);
    if (!collector) throw new Error(`no collector ${name}`);
    const error = await outcome(collector, fixtureHost(board));
    expect(error).toBeInstanceOf(AgentError);
    expect(error).toMatchObject({ kind: "sensor", message: said });
  });

  it("no fault reaches another collector", async () => {
    const host = fixtureHost(board);
    for (const collector of collectors.filter(({ name }) => !(name in errors)))
      expect(await outcome(collector, host), collector.name).not.toBeInstanceOf(Error);
  });
});

/** Every file and folder is one and the same error. */
const failing = (code: string): Host => {
  const fail = async () => {
    throw Object.assign(new Error(code), { code });
  };
  return { readFile: fail, readDir: fail, realPath: fail, statfs: fail };
};

describe.each(collectors.map((collector) => [collector.name, collector] as const))(
  "%s",
  (name, collector) => {
    it("is silent where the machine has no such file", async () => {
      const readings = await outcome(collector, failing("ENOENT"));
      // The agent knows its own counters without any file.
      if (name === "agent") expect(Object.keys(readings ?? {})).not.toContain("agentMemoryMb");
      else expect(readings).toBeNull();
    });

    it.each(["EIO", "EACCES", "ENODEV", "ETIMEDOUT", "EREMOTEIO", "EAGAIN"])(
      "is an error of a sensor where its file gives %s",
      async (code) => {
        const error = await outcome(collector, failing(code));
        expect(error).toMatchObject({ kind: "sensor", message: expect.stringContaining(code) });
      },
    );

    it("does not take a fault of the program for one of a sensor", async () => {
      const bug = async () => {
        throw new TypeError("a bug");
      };
      const host: Host = { ...fixtureHost("pi5"), readFile: bug, readDir: bug, statfs: bug };
      expect(await outcome(collector, host)).toBeInstanceOf(TypeError);
    });
  },
);

describe("5000 damaged inputs", () => {
  const seed = chosenSeed();
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T | undefined =>
    items[Math.floor(random.fraction() * items.length)];
  const scraps = [
    "-",
    "nan",
    "Infinity",
    "1e999",
    "\0",
    "\n",
    " ",
    "",
    "kB",
    ":",
    "0x",
    "99999999999999999999",
    "é",
  ];

  const damage = (text: string): string => {
    let damaged = text;
    for (let times = Math.floor(random.fraction() * 4); times >= 0; times--) {
      const from = Math.floor(random.fraction() * damaged.length);
      const to = from + Math.floor(random.fraction() ** 4 * damaged.length);
      const inserted = random.fraction() < 0.3 ? damaged.slice(to, to + 30) : (pick(scraps) ?? "");
      damaged = damaged.slice(0, from) + inserted + damaged.slice(to);
    }
    return damaged;
  };

  /** A board whose files are damaged anew at most looks; the names by which they are found, seldom. */
  const damagedHost = (name: FixtureName): Host => {
    const board = fixtureHost(name);
    const isName = (path: string) => /\/(name|type|in\d+_label)$/.test(path);
    return {
      ...board,
      async readFile(path, limitBytes) {
        const text = await board.readFile(path, limitBytes);
        const healthy = random.fraction() < (isName(path) ? 0.9 : 0.3);
        return healthy ? text : damage(text);
      },
      statfs: async () => ({
        ...fixtureDisk,
        [pick(Object.keys(fixtureDisk)) ?? ""]: pick([0, -1, Number.NaN, 1e18]),
      }),
    };
  };

  it(`give finite, plausible readings or an error of kind sensor (PIPIT_TEST_SEED=${seed})`, async () => {
    const opened = (["pi4", "pi5", "cm4"] as const).map(damagedHost).flatMap((host) => {
      const devices = devicesOf(host);
      return collectors.map((collector) => ({
        name: collector.name,
        collect: collector.open(host, defaultCollectorSettings, devices),
      }));
    });
    const outcomes = new Map<string, { errors: number; readings: number }>();
    let looks = 0;
    for (let round = 1; looks < 5_000; round++) {
      for (const { name, collect } of opened) {
        looks++;
        const seen = outcomes.get(name) ?? { errors: 0, readings: 0 };
        outcomes.set(name, seen);
        try {
          // far enough apart for the agent, which reports every 5 minutes
          const readings = await lookAt(collect, round * 300_000);
          if (readings) expectPlausible(readings);
          seen.readings += Object.keys(readings ?? {}).length;
        } catch (error) {
          if (!(error instanceof AgentError)) throw error;
          expect(error.kind).toBe("sensor");
          seen.errors++;
        }
      }
    }
    // Neither all refused nor all let through: the damage reaches every parser.
    expect([...outcomes.values()].filter(({ readings }) => readings > 0).length).toBeGreaterThan(
      18,
    );
    for (const [name, { errors, readings }] of outcomes) {
      if (errors + readings === 0) continue; // none of these boards has such a thing
      expect(errors, `errors of ${name}`).toBeGreaterThan(5);
      expect(readings, `readings of ${name}`).toBeGreaterThan(5);
    }
  });
});
