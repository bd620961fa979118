import { AgentError } from "../errors.ts";
import type { Gpio, GpioLine, GpioRequest } from "../sensor-ports.ts";
import { errnoOf } from "./errno.ts";
import {
  type ChipInfo,
  decodeChipInfo,
  decodeEventNumbers,
  decodeLineFd,
  decodeLineInfo,
  decodeValue,
  encodeLineInfo,
  encodeLineRequest,
  encodeValues,
  IOCTLS,
  SIZES,
} from "./gpio-abi.ts";
import { type GpioCalls, gpioCalls } from "./gpio-libc.ts";

/** Events read at a time. */
const EVENTS = 64;
const UINT32 = 2 ** 32;

/**
 * Input lines through /dev/gpiochipN. A line that is asked for again in the same way is the same line, so that a reload
 * loses no edge; disposing closes all of them.
 */
export function createGpio(load: () => GpioCalls | null = gpioCalls): Gpio & Disposable {
  const lines = new Map<string, GpioLine>();
  let calls: GpioCalls | null = null;
  return {
    open(request) {
      const id = JSON.stringify(request);
      const known = lines.get(id);
      if (known) return known;
      calls ??= load();
      if (calls === null)
        throw new AgentError("sensor", "GPIO needs node:ffi, which does not work here", {
          hint: "use the executable that npm run build makes",
        });
      const line = openLine(calls, request, () => lines.delete(id));
      lines.set(id, line);
      return line;
    },
    [Symbol.dispose]() {
      for (const line of [...lines.values()]) line[Symbol.dispose]();
    },
  };
}

/** @throws AgentError `sensor` */
function openLine(calls: GpioCalls, request: GpioRequest, closed: () => void): GpioLine {
  const fd = requestLine(calls, request);
  let counted = 0;
  let lastNumber = 0;
  let isClosed = false;
  const drain = () => {
    for (;;) {
      const bytes = calls.read(fd, EVENTS * SIZES.gpio_v2_line_event);
      for (const number of decodeEventNumbers(bytes)) {
        // Modulo, because the kernel counts in 32 bits; a gap is what its buffer had no room for.
        counted += (number - lastNumber + UINT32) % UINT32;
        lastNumber = number;
      }
      if (bytes.length < EVENTS * SIZES.gpio_v2_line_event) return;
    }
  };
  return {
    isActive() {
      const values = encodeValues();
      if (calls.ioctl(fd, IOCTLS.GPIO_V2_LINE_GET_VALUES_IOCTL, values)) return decodeValue(values);
      throw new AgentError("sensor", `${nameOf(request)} cannot be read any more`, {
        hint: "is the chip plugged in?",
      });
    },
    edges() {
      try {
        drain();
      } catch (error) {
        const code = errnoOf(error);
        if (code === undefined) throw error;
        throw new AgentError("sensor", `${nameOf(request)}: ${code}`, { cause: error });
      }
      return counted;
    },
    [Symbol.dispose]() {
      if (isClosed) return; // the number may belong to another file by now
      isClosed = true;
      closed();
      calls.close(fd);
    },
  };
}

const nameOf = ({ chip, line }: GpioRequest) => `line ${line} of ${chip}`;

/** The descriptor of the line; that of the chip is not needed any more. */
function requestLine(calls: GpioCalls, request: GpioRequest): number {
  const { fd: chip, info } = findChip(calls, request.chip);
  try {
    const offset = findLine(calls, chip, info, request);
    const bytes = encodeLineRequest(offset, request);
    if (!calls.ioctl(chip, IOCTLS.GPIO_V2_GET_LINE_IOCTL, bytes))
      throw refused(calls, chip, offset, request);
    const fd = decodeLineFd(bytes);
    if (calls.setNonBlocking(fd)) return fd;
    calls.close(fd);
    throw new AgentError("sensor", `${nameOf(request)} cannot be read without waiting`);
  } finally {
    calls.close(chip);
  }
}

/** By its name, else by its label. */
function findChip(calls: GpioCalls, wanted: string): { fd: number; info: ChipInfo } {
  const names = calls.chips();
  let problem: AgentError | null = null;
  for (const name of names.includes(wanted) ? [wanted] : names) {
    try {
      const found = openChip(calls, name);
      if (found.info.name === wanted || found.info.label === wanted) return found;
      calls.close(found.fd);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      problem = error; // it may be the one
    }
  }
  throw (
    problem ??
    new AgentError("sensor", `there is no GPIO chip ${JSON.stringify(wanted)}`, {
      hint: `one of ${names.join(", ") || "none: does this board have GPIO, and the service access to it?"}`,
    })
  );
}

function openChip(calls: GpioCalls, name: string): { fd: number; info: ChipInfo } {
  let fd: number;
  try {
    fd = calls.open(name);
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    const denied = code === "EACCES" || code === "EPERM";
    const hint = denied
      ? "the service needs group gpio and DeviceAllow=, see docs/gpio.md"
      : "is the chip plugged in?";
    throw new AgentError("sensor", `/dev/${name}: ${code}`, { cause: error, hint });
  }
  const bytes = new Uint8Array(SIZES.gpiochip_info);
  if (calls.ioctl(fd, IOCTLS.GPIO_GET_CHIPINFO_IOCTL, bytes))
    return { fd, info: decodeChipInfo(bytes) };
  calls.close(fd);
  throw new AgentError("sensor", `/dev/${name} is no GPIO chip`);
}

function findLine(
  calls: GpioCalls,
  chip: number,
  { lines, name }: ChipInfo,
  { line }: GpioRequest,
): number {
  if (typeof line === "number") {
    if (line < lines) return line;
    throw new AgentError("sensor", `${name} has lines 0 to ${lines - 1}, and no ${line}`);
  }
  for (let offset = 0; offset < lines; offset++)
    if (lineInfo(calls, chip, offset)?.name === line) return offset;
  throw new AgentError("sensor", `${name} has no line ${JSON.stringify(line)}`, {
    hint: "gpioinfo lists the names; an offset will do too",
  });
}

function lineInfo(calls: GpioCalls, chip: number, offset: number) {
  const bytes = encodeLineInfo(offset);
  return calls.ioctl(chip, IOCTLS.GPIO_V2_GET_LINEINFO_IOCTL, bytes) ? decodeLineInfo(bytes) : null;
}

/** The kernel says only that it refuses; who uses the line says why. */
function refused(calls: GpioCalls, chip: number, offset: number, request: GpioRequest): AgentError {
  const consumer = lineInfo(calls, chip, offset)?.consumer ?? "";
  const name = nameOf(request);
  if (consumer !== "")
    return new AgentError("sensor", `${name} is in use by ${JSON.stringify(consumer)}`, {
      hint: "end that program, or take its overlay out of config.txt",
    });
  return new AgentError("sensor", `the kernel refuses ${name} with these settings`, {
    hint: 'not every chip has bias or edges: try bias = "as-is" and edges = "none"',
  });
}
