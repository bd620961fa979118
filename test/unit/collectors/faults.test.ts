import { describe, expect, it } from "vitest";
import type { Collector } from "../../../agent/collectors/collector.ts";
import { collectors, defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { AgentError } from "../../../agent/errors.ts";
import type { Host, Readings } from "../../../agent/ports.ts";
import { fixtureDisk, fixtureHost } from "../../support/fixtures.ts";
import { lookAt } from "../../support/look.ts";
import { chosenSeed, seededRandom } from "../../support/seeded-random.ts";

const open = (collector: Collector, host: Host) => collector.open(host, defaultCollectorSettings);
const outcome = (collector: Collector, host: Host) =>
  lookAt(open(collector, host), 0).catch((error: unknown) => error);

describe("on the faulty board", () => {
  const files: Readonly<Record<string, string>> = {
    cpu: "/proc/stat: EISDIR",
    thermal: '/sys/class/thermal/thermal_zone0/temp: not a temperature in millidegrees: "12abc"',
    load: '/proc/loadavg: not load averages: "nan nan nan 1/2 3"',
    memory: '/proc/meminfo: not a size in kB: "MemTotal:         12abc kB"',
    swap: '/proc/meminfo: not a size in kB: "SwapTotal:        64 MB"',
    network: `/proc/net/dev: not an interface's counters: "${"x".repeat(40)}…"`,
    uptime: '/proc/uptime: not seconds since boot: ""',
  };

  it.each(Object.entries(files))("%s says what is wrong with which file", async (name, message) => {
    const collector = collectors.find((candidate) => candidate.name === name);
    if (!collector) throw new Error(`no collector ${name}`);
    const error = await outcome(collector, fixtureHost("faulty"));
    expect(error).toBeInstanceOf(AgentError);
    expect(error).toMatchObject({ kind: "sensor", message });
  });
});

/** Every file and folder is one and the same error. */
const failing = (code: string): Host => {
  const fail = async () => {
    throw Object.assign(new Error(code), { code });
  };
  return { readFile: fail, readDir: fail, realPath: fail, statfs: fail };
};

it.each(collectors.map((collector) => [collector.name, collector] as const))(
  "%s is silent where the machine has no such file, and an error where it cannot be read",
  async (_, collector) => {
    expect(await outcome(collector, failing("ENOENT"))).toBeNull();
    for (const code of ["EIO", "EACCES", "ENODEV", "ETIMEDOUT"]) {
      const error = await outcome(collector, failing(code));
      expect(error).toMatchObject({ kind: "sensor", message: expect.stringContaining(code) });
    }
  },
);

it("a fault of the program is not taken for one of a sensor", async () => {
  const host: Host = {
    ...fixtureHost("pi4"),
    readFile: async () => {
      throw new TypeError("a bug");
    },
  };
  for (const collector of collectors.filter(({ name }) => !name.includes("isk")))
    expect(await outcome(collector, host)).toBeInstanceOf(TypeError);
});

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

  /** A board whose files are damaged anew at each look. */
  const damagedHost = (healthy: ReadonlyMap<string, string>): Host => ({
    ...fixtureHost("pi4"),
    readFile: async (path) => damage(healthy.get(path) ?? ""),
    readDir: async () => ["thermal_zone0"],
    realPath: async (path) => path,
    statfs: async () => ({
      ...fixtureDisk,
      [pick(Object.keys(fixtureDisk)) ?? ""]: pick([0, -1, Number.NaN, 1e18]),
    }),
  });

  const check = (readings: Readings | null) => {
    for (const [key, value] of Object.entries(readings ?? {})) {
      expect(value, key).toSatisfy(Number.isFinite);
      if (key !== "cpuTemperature") expect(value, key).toBeGreaterThanOrEqual(0);
      if (/Usage$|^cpu(Iowait|Steal)$/.test(key)) expect(value, key).toBeLessThanOrEqual(100);
    }
  };

  it(`give finite, plausible readings or an error of kind sensor (PIPIT_TEST_SEED=${seed})`, async () => {
    const board = fixtureHost("pi4");
    const paths = ["stat", "loadavg", "meminfo", "uptime", "net/dev"].map(
      (name) => `/proc/${name}`,
    );
    const zone = "/sys/class/thermal/thermal_zone0";
    const healthy = new Map<string, string>();
    for (const path of [...paths, `${zone}/type`, `${zone}/temp`])
      healthy.set(path, await board.readFile(path));
    const host = damagedHost(healthy);
    let looks = 0;
    let errors = 0;
    const opened = collectors.map((collector) => open(collector, host));
    for (let round = 1; looks < 5_000; round++) {
      for (const collect of opened) {
        looks++;
        try {
          check(await lookAt(collect, round * 1_000));
        } catch (error) {
          if (!(error instanceof AgentError)) throw error;
          expect(error.kind).toBe("sensor");
          errors++;
        }
      }
    }
    // Neither all refused nor all let through: the damage reaches the parsers.
    expect(errors).toBeGreaterThan(500);
    expect(errors).toBeLessThan(4_500);
  });
});
