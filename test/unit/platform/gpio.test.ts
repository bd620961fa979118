import { expect, it } from "vitest";
import { createGpio } from "../../../agent/platform/gpio.ts";
import { IOCTLS } from "../../../agent/platform/gpio-abi.ts";
import type { GpioCalls } from "../../../agent/platform/gpio-libc.ts";
import type { GpioRequest } from "../../../agent/ports.ts";

const CHIP = 3;
const LINE = 4;

const text = (bytes: Uint8Array, at: number, given: string) =>
  bytes.set(new TextEncoder().encode(given), at);
const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A chip of three lines behind the ABI of linux/gpio.h: offsets are written as numbers, not taken from our own table. */
function fakeChip({ consumer = "", refuses = false } = {}) {
  const events: number[] = [];
  const state = {
    level: false,
    gone: false,
    requests: [] as Uint8Array[],
    open: new Set<number>(),
  };
  const calls: GpioCalls = {
    chips: () => ["gpiochip0", "gpiochip1"],
    open(chip) {
      if (chip === "gpiochip1") throw Object.assign(new Error("no right"), { code: "EACCES" });
      state.open.add(CHIP);
      return CHIP;
    },
    close: (fd) => void state.open.delete(fd),
    setNonBlocking: () => true,
    read(_fd, size) {
      if (state.gone) throw Object.assign(new Error("gone"), { code: "ENODEV" });
      const numbers = events.splice(0, size / 48);
      const bytes = new Uint8Array(numbers.length * 48);
      numbers.forEach((number, index) => {
        view(bytes).setUint32(index * 48 + 20, number, true);
      });
      return bytes;
    },
    ioctl(_fd, request, bytes) {
      switch (request) {
        case 0x8044b401n: // GPIO_GET_CHIPINFO_IOCTL
          text(bytes, 0, "gpiochip0");
          text(bytes, 32, "pinctrl-bcm2711");
          view(bytes).setUint32(64, 3, true);
          return true;
        case 0xc100b405n: // GPIO_V2_GET_LINEINFO_IOCTL
          text(bytes, 0, `GPIO${view(bytes).getUint32(64, true)}`);
          text(bytes, 32, consumer);
          return true;
        case 0xc250b407n: // GPIO_V2_GET_LINE_IOCTL
          if (consumer !== "" || refuses) return false;
          state.requests.push(bytes.slice());
          state.open.add(LINE);
          view(bytes).setInt32(588, LINE, true);
          return true;
        case 0xc010b40en: // GPIO_V2_LINE_GET_VALUES_IOCTL
          expect(view(bytes).getBigUint64(8, true)).toBe(1n);
          view(bytes).setBigUint64(0, state.level ? 1n : 0n, true);
          return !state.gone;
        default:
          throw new Error(`unknown ioctl ${request.toString(16)}`);
      }
    },
  };
  return { calls, events, state };
}

const door: GpioRequest = {
  chip: "gpiochip0",
  line: 2,
  bias: "as-is",
  activeLow: false,
  edges: "both",
  debounceMs: 0,
};
const failure = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
};

it("has the request numbers of linux/gpio.h", () => {
  expect(IOCTLS).toEqual({
    GPIO_GET_CHIPINFO_IOCTL: 0x8044b401n,
    GPIO_V2_GET_LINEINFO_IOCTL: 0xc100b405n,
    GPIO_V2_GET_LINE_IOCTL: 0xc250b407n,
    GPIO_V2_LINE_GET_VALUES_IOCTL: 0xc010b40en,
  });
});

it("reads the level of a line, and gives the chip back at once", () => {
  const { calls, state } = fakeChip();
  using gpio = createGpio(() => calls);
  const line = gpio.open(door);
  expect([...state.open]).toEqual([LINE]);
  expect(line.isActive()).toBe(false);
  state.level = true;
  expect(line.isActive()).toBe(true);
});

it("asks for one input with bias, edges, level and debounce where the kernel looks for them", () => {
  const { calls, state } = fakeChip();
  using gpio = createGpio(() => calls);
  gpio.open({ ...door, bias: "pull-up", activeLow: true, edges: "rising", debounceMs: 5 });
  const [bytes] = state.requests;
  if (!bytes) throw new Error("no request");
  const data = view(bytes);
  expect(bytes).toHaveLength(592);
  expect(data.getUint32(0, true)).toBe(2); // offsets[0]
  expect(new TextDecoder().decode(bytes.subarray(256, 261))).toBe("pipit");
  // input (bit 2), active low (1), rising edge (4), pull-up (8)
  expect(data.getBigUint64(288, true)).toBe(0b1_0001_0110n);
  expect(data.getUint32(296, true)).toBe(1); // num_attrs
  expect(data.getUint32(320, true)).toBe(3); // debounce
  expect(data.getUint32(328, true)).toBe(5_000); // microseconds
  expect(data.getBigUint64(336, true)).toBe(1n); // of the first line
  expect(data.getUint32(560, true)).toBe(1); // num_lines
});

it("counts edges, also those that the kernel's buffer had no room for, and over the end of 32 bits", () => {
  const { calls, events } = fakeChip();
  using gpio = createGpio(() => calls);
  const line = gpio.open(door);
  expect(line.edges()).toBe(0);
  events.push(1, 2, 3);
  expect(line.edges()).toBe(3);
  events.push(100, 101);
  expect(line.edges()).toBe(101);
  events.push(...Array.from({ length: 200 }, (_, index) => 102 + index));
  expect(line.edges()).toBe(301);
  events.push(2 ** 32 - 1, 0, 1);
  expect(line.edges()).toBe(2 ** 32 + 1);
});

it("finds a chip by its label and a line by its name", () => {
  const { calls, state } = fakeChip();
  using gpio = createGpio(() => calls);
  gpio.open({ ...door, chip: "pinctrl-bcm2711", line: "GPIO1" });
  expect(state.requests[0]?.[0]).toBe(1);
});

it("the same request is the same line, so that a reload loses no edge; disposing closes it once", () => {
  const { calls, state } = fakeChip();
  const gpio = createGpio(() => calls);
  const line = gpio.open(door);
  expect(gpio.open({ ...door })).toBe(line);
  expect(gpio.open({ ...door, line: 1 })).not.toBe(line);
  gpio[Symbol.dispose]();
  expect(state.open.size).toBe(0);
  state.open.add(LINE); // now another's
  line[Symbol.dispose]();
  expect([...state.open]).toEqual([LINE]);
});

it.each<[string, GpioRequest, Parameters<typeof fakeChip>[0], string]>([
  ["a line in use", door, { consumer: "spi0 CS0" }, 'line 2 of gpiochip0 is in use by "spi0 CS0"'],
  ["settings the chip has not", door, { refuses: true }, "the kernel refuses line 2 of gpiochip0"],
  ["a line that is not there", { ...door, line: 3 }, {}, "gpiochip0 has lines 0 to 2, and no 3"],
  ["a name that is not there", { ...door, line: "LED" }, {}, 'gpiochip0 has no line "LED"'],
  ["a chip without the right", { ...door, chip: "gpiochip1" }, {}, "/dev/gpiochip1: EACCES"],
])("says what is wrong with %s, and leaves nothing open", (_, request, given, message) => {
  const { calls, state } = fakeChip(given);
  using gpio = createGpio(() => calls);
  const error = failure(() => gpio.open(request));
  expect(error).toMatchObject({ kind: "sensor", message: expect.stringContaining(message) });
  expect(state.open.size).toBe(0);
});

it("an error of the device is an error of the sensor", () => {
  const { calls, state } = fakeChip();
  using gpio = createGpio(() => calls);
  const line = gpio.open(door);
  state.gone = true;
  expect(failure(() => line.isActive())).toMatchObject({ kind: "sensor" });
  expect(failure(() => line.edges())).toMatchObject({ message: "line 2 of gpiochip0: ENODEV" });
});

it("says so where Node cannot call libc", () => {
  using gpio = createGpio(() => null);
  expect(failure(() => gpio.open(door))).toMatchObject({ kind: "sensor" });
});
