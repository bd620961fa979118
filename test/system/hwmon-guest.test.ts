import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SandboxState } from "../../agent/sandbox/state.ts";
import { type Guest, startGuest } from "./guest.ts";

/** A live sensor of the kernel, an LM75 on an I2C bus. The test writes its registers, as the chip would by itself. */

const program = `pipit-linux-${process.arch}`;
const executable = join(import.meta.dirname, "../../dist", program);

/** The register as an SMBus word, which has the low byte first: 0x8019 is 0x19 0x80, 25.5 °C (LM75, "Temperature register"). */
const REGISTER = { "25.5": "0x8019", "-25": "0x00e7", "85": "0x0055", "40": "0x0028" } as const;

const INTERVAL_MS = 1_000;
/** Plugged-in chips are looked for once a minute. */
const RESCAN_LIMIT_MS = 75_000;

let guest: Guest;
let bus: string;

beforeAll(async () => {
  guest = await startGuest([executable, "/bin/date"]);
  const found = await guest.run("grep -l 'SMBus stub' /sys/class/i2c-dev/i2c-*/name");
  bus = /i2c-(\d+)\/name/.exec(found)?.[1] ?? "";
}, 300_000);

afterAll(() => guest?.[Symbol.asyncDispose]());

/** Runs it and resolves to the guest's time right after. */
const thenTime = async (command: string): Promise<number> =>
  Number(await guest.run(`${command} && /bin/date +%s%3N`));

// -f: the driver owns the chip, and without it the value silently stays.
const setTemperature = (celsius: keyof typeof REGISTER) =>
  thenTime(`i2cset -f -y ${bus} 0x48 0 ${REGISTER[celsius]} w`);
const plug = () => thenTime(`echo lm75 0x48 >/sys/bus/i2c/devices/i2c-${bus}/new_device`);
const unplug = () => thenTime(`echo 0x48 >/sys/bus/i2c/devices/i2c-${bus}/delete_device`);

describe("the kernel", () => {
  it("shows the chip's register as a temperature", async () => {
    const input = `cat /sys/bus/i2c/devices/${bus}-0048/hwmon/hwmon*/temp1_input`;
    await plug();
    await setTemperature("-25");
    expect(await guest.run(input)).toBe("-25000\n");
    await setTemperature("25.5");
    expect(await guest.run(input)).toBe("25500\n");
  });
});

describe("the agent beside it", () => {
  /** What the server has recorded, oldest first: the five newest values. */
  const recorded = async (key: RegExp) => {
    const text = await guest.run("wget -q -O - http://127.0.0.1:8080/state");
    const state: SandboxState = JSON.parse(text);
    const series = Object.values(state.devices)
      .flatMap(({ telemetry }) => Object.entries(telemetry.keys))
      .filter(([name]) => key.test(name));
    return {
      names: series.map(([name]) => name),
      values: series.flatMap(([, { recent }]) => recent),
    };
  };
  const sensorKey = () => new RegExp(`^lm75At${bus}x48`);
  const newestOf = async (key: RegExp) => (await recorded(key)).values.at(-1);
  const until = (timeout: number) => ({ timeout, interval: 200 });
  /** Right after a sample: a look that is under way is stamped when it is over, and may have seen what was before. */
  const betweenBeats = async () => {
    const last = (await newestOf(sensorKey()))?.ts;
    await expect.poll(async () => (await newestOf(sensorKey()))?.ts, until(10_000)).not.toBe(last);
  };

  it("delivers the value under a key of the bus address", async () => {
    await guest.run(
      `cat >/etc/pipit.toml <<'TOML'
[server]
url = "coap://127.0.0.1:5683"
[provisioning]
key = "sandbox-key"
secret = "sandbox-secret"
[telemetry]
interval = "1s"
[clock]
trust = "always"
TOML
      chmod 600 /etc/pipit.toml
      ${program} sandbox --server-only --port 5683 --http-port 8080 >/tmp/sandbox.log 2>&1 &
      ${program} run --config /etc/pipit.toml --state /tmp/state >/tmp/agent.log 2>&1 &`,
    );
    await expect
      .poll(
        () => guest.run("wget -q -O /dev/null http://127.0.0.1:8080/state && echo up || true"),
        until(30_000),
      )
      .toBe("up\n");
    await expect.poll(() => newestOf(/^uptime$/), until(30_000)).toBeDefined();
    const { names, values } = await recorded(sensorKey());
    expect(names, await guest.run("cat /tmp/agent.log")).toEqual([`lm75At${bus}x48Temperature1`]);
    expect(values.at(-1)?.value).toBe(25.5);
  });

  it("follows the chip within one interval", async () => {
    for (const celsius of ["-25", "85", "40"] as const) {
      await betweenBeats();
      const setAt = await setTemperature(celsius);
      await expect
        .poll(async () => (await newestOf(sensorKey()))?.ts, until(10_000))
        .toBeGreaterThan(setAt + INTERVAL_MS);
      const after = (await recorded(sensorKey())).values.filter(({ ts }) => ts > setAt);
      expect(after.map(({ value }) => value)).toEqual(after.map(() => Number(celsius)));
    }
  });

  it("stops the key when the driver is gone, and goes on with the others", async () => {
    await betweenBeats();
    const goneAt = await unplug();
    await expect
      .poll(async () => (await newestOf(/^uptime$/))?.ts, until(15_000))
      .toBeGreaterThan(goneAt + 3 * INTERVAL_MS);
    expect((await newestOf(sensorKey()))?.ts).toBeLessThanOrEqual(goneAt);
  });

  it("takes the key up again when the driver is back", async () => {
    await setTemperature("-25");
    const backAt = await plug();
    await expect
      .poll(async () => (await newestOf(sensorKey()))?.ts, until(RESCAN_LIMIT_MS))
      .toBeGreaterThan(backAt);
    const { names, values } = await recorded(sensorKey());
    expect(names).toHaveLength(1);
    expect(values.at(-1)?.value).toBe(-25);
  });
});
