import type { GpioRequest } from "../sensor-ports.ts";

/**
 * The GPIO character device, ABI v2 (linux/gpio.h, Linux 5.10 and later). Structs are little-endian on x86-64 and arm64, and
 * laid out without implicit padding. test/system/gpio-abi.test.ts compares all of it with the header.
 */
export const SIZES = {
  gpiochip_info: 68,
  gpio_v2_line_info: 256,
  gpio_v2_line_request: 592,
  gpio_v2_line_values: 16,
  gpio_v2_line_event: 48,
} as const;

export const OFFSETS = {
  "gpiochip_info.label": 32,
  "gpiochip_info.lines": 64,
  "gpio_v2_line_info.consumer": 32,
  "gpio_v2_line_info.offset": 64,
  "gpio_v2_line_info.flags": 72,
  "gpio_v2_line_request.consumer": 256,
  "gpio_v2_line_request.config": 288,
  "gpio_v2_line_request.num_lines": 560,
  "gpio_v2_line_request.event_buffer_size": 564,
  "gpio_v2_line_request.fd": 588,
  "gpio_v2_line_config.num_attrs": 8,
  "gpio_v2_line_config.attrs": 32,
  "gpio_v2_line_config_attribute.mask": 16,
  "gpio_v2_line_attribute.debounce_period_us": 8,
  "gpio_v2_line_values.mask": 8,
  "gpio_v2_line_event.line_seqno": 20,
} as const;

const READ = 2;
const READ_WRITE = 3;
/** _IOC of asm-generic/ioctl.h: direction, size, type 0xB4, number. */
const ioc = (direction: number, number: number, size: number): bigint =>
  (BigInt(direction) << 30n) | (BigInt(size) << 16n) | 0xb400n | BigInt(number);

export const IOCTLS = {
  GPIO_GET_CHIPINFO_IOCTL: ioc(READ, 0x01, SIZES.gpiochip_info),
  GPIO_V2_GET_LINEINFO_IOCTL: ioc(READ_WRITE, 0x05, SIZES.gpio_v2_line_info),
  GPIO_V2_GET_LINE_IOCTL: ioc(READ_WRITE, 0x07, SIZES.gpio_v2_line_request),
  GPIO_V2_LINE_GET_VALUES_IOCTL: ioc(READ_WRITE, 0x0e, SIZES.gpio_v2_line_values),
} as const;

/** enum gpio_v2_line_flag */
export const FLAGS = {
  GPIO_V2_LINE_FLAG_ACTIVE_LOW: 1n << 1n,
  GPIO_V2_LINE_FLAG_INPUT: 1n << 2n,
  GPIO_V2_LINE_FLAG_EDGE_RISING: 1n << 4n,
  GPIO_V2_LINE_FLAG_EDGE_FALLING: 1n << 5n,
  GPIO_V2_LINE_FLAG_BIAS_PULL_UP: 1n << 8n,
  GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN: 1n << 9n,
  GPIO_V2_LINE_FLAG_BIAS_DISABLED: 1n << 10n,
} as const;

export const GPIO_V2_LINE_ATTR_ID_DEBOUNCE = 3;

/** The kernel keeps so many events between two looks; their numbers count on when it drops the oldest. */
const EVENT_BUFFER = 64;
const CONSUMER = "pipit";

export interface ChipInfo {
  readonly name: string;
  readonly label: string;
  readonly lines: number;
}

export const decodeChipInfo = (bytes: Uint8Array): ChipInfo => ({
  name: textAt(bytes, 0),
  label: textAt(bytes, OFFSETS["gpiochip_info.label"]),
  lines: view(bytes).getUint32(OFFSETS["gpiochip_info.lines"], true),
});

export function encodeLineInfo(offset: number): Uint8Array {
  const bytes = new Uint8Array(SIZES.gpio_v2_line_info);
  view(bytes).setUint32(OFFSETS["gpio_v2_line_info.offset"], offset, true);
  return bytes;
}

/** Its name on the board ("GPIO17"), and who uses it ("" for nobody). */
export const decodeLineInfo = (bytes: Uint8Array) => ({
  name: textAt(bytes, 0),
  consumer: textAt(bytes, OFFSETS["gpio_v2_line_info.consumer"]),
});

type Wanted = Pick<GpioRequest, "bias" | "activeLow" | "edges" | "debounceMs">;

export function encodeLineRequest(offset: number, wanted: Wanted): Uint8Array {
  const bytes = new Uint8Array(SIZES.gpio_v2_line_request);
  const data = view(bytes);
  data.setUint32(0, offset, true);
  bytes.set(new TextEncoder().encode(CONSUMER), OFFSETS["gpio_v2_line_request.consumer"]);
  data.setUint32(OFFSETS["gpio_v2_line_request.num_lines"], 1, true);
  data.setUint32(OFFSETS["gpio_v2_line_request.event_buffer_size"], EVENT_BUFFER, true);
  const config = OFFSETS["gpio_v2_line_request.config"];
  data.setBigUint64(config, flagsOf(wanted), true);
  if (wanted.debounceMs > 0) {
    const attribute = config + OFFSETS["gpio_v2_line_config.attrs"];
    data.setUint32(config + OFFSETS["gpio_v2_line_config.num_attrs"], 1, true);
    data.setUint32(attribute, GPIO_V2_LINE_ATTR_ID_DEBOUNCE, true);
    const period = attribute + OFFSETS["gpio_v2_line_attribute.debounce_period_us"];
    data.setUint32(period, wanted.debounceMs * 1000, true);
    data.setBigUint64(attribute + OFFSETS["gpio_v2_line_config_attribute.mask"], 1n, true);
  }
  return bytes;
}

function flagsOf({ bias, activeLow, edges }: Wanted): bigint {
  const { GPIO_V2_LINE_FLAG_EDGE_RISING: rising, GPIO_V2_LINE_FLAG_EDGE_FALLING: falling } = FLAGS;
  const ofBias = {
    "as-is": 0n,
    "pull-up": FLAGS.GPIO_V2_LINE_FLAG_BIAS_PULL_UP,
    "pull-down": FLAGS.GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN,
    disabled: FLAGS.GPIO_V2_LINE_FLAG_BIAS_DISABLED,
  }[bias];
  const ofEdges = { none: 0n, rising, falling, both: rising | falling }[edges];
  const ofLevel = activeLow ? FLAGS.GPIO_V2_LINE_FLAG_ACTIVE_LOW : 0n;
  return FLAGS.GPIO_V2_LINE_FLAG_INPUT | ofBias | ofEdges | ofLevel;
}

export const decodeLineFd = (bytes: Uint8Array): number =>
  view(bytes).getInt32(OFFSETS["gpio_v2_line_request.fd"], true);

/** Asks for the value of the only line of a request. */
export function encodeValues(): Uint8Array {
  const bytes = new Uint8Array(SIZES.gpio_v2_line_values);
  view(bytes).setBigUint64(OFFSETS["gpio_v2_line_values.mask"], 1n, true);
  return bytes;
}

export const decodeValue = (bytes: Uint8Array): boolean =>
  (view(bytes).getBigUint64(0, true) & 1n) === 1n;

/** Numbers of the events in what was read, which count from 1 for the line; what the kernel dropped is a gap in them. */
export function decodeEventNumbers(bytes: Uint8Array): readonly number[] {
  const size = SIZES.gpio_v2_line_event;
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) =>
    view(bytes).getUint32(index * size + OFFSETS["gpio_v2_line_event.line_seqno"], true),
  );
}

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const NAME_BYTES = 32;

function textAt(bytes: Uint8Array, offset: number): string {
  const field = bytes.subarray(offset, offset + NAME_BYTES);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}
