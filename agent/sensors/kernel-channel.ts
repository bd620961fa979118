import type { Gate } from "../collectors/collector.ts";
import { decimal, unexpected } from "../collectors/parse.ts";
import type { Host, ReaderChild } from "../ports.ts";
import { type Address, plain } from "./address.ts";
import type { Channel } from "./channel.ts";
import type { DeviceReads } from "./devices.ts";
import { asFault, SensorFault } from "./fault.ts";
import { createGate, gateOf } from "./gate.ts";
import { defaultKey } from "./keys.ts";
import type { Quantity } from "./quantity.ts";

/** A channel with what the registry needs besides. */
export interface KernelChannel extends Channel {
  /** Of its file: the order in which equal names are told apart. */
  readonly realPath: string;
  /** `timeoutMs` is for slow channels; the signal ends the others. @throws AgentError `sensor` */
  read(signal: AbortSignal, timeoutMs?: number): Promise<number>;
}

/** Reads one file within the turn of its channel. */
export type ReadText = (path: string) => Promise<string>;

export interface ChannelParts {
  readonly chip: string;
  readonly address: Address;
  /** Last part of the id: "temp", "power1". */
  readonly name: string;
  /** Tells channels of one quantity apart in the key: "1", "x". */
  readonly which: string;
  readonly surface: Channel["surface"];
  readonly quantity: Quantity;
  readonly known: boolean;
  readonly path: string;
  readonly slow: boolean;
  /** In the unit of the quantity. */
  readonly value: (text: ReadText) => Promise<number>;
}

/** One 1-Wire conversion takes 750 ms at 12 bit. */
export const SLOW_READ_MS = 3_000;

/** A value is a line; a file that is longer is no attribute of the kernel. */
const LIMIT_BYTES = 4 * 1024;

/** How the files of channels are read: in this process or, where each read blocks for long, in the reader child. */
export interface Reads extends DeviceReads {
  readonly reader: ReaderChild;
  readonly own: Gate;
  readonly child: Gate;
}

export const createReads = (host: Host, reader: ReaderChild): Reads => ({
  host,
  reader,
  looking: new Set(),
  own: gateOf(host),
  child: createGate(Number.POSITIVE_INFINITY), // the child is killed over a read that hangs
});

export function kernelChannel(parts: ChannelParts, reads: Reads): KernelChannel {
  const { chip, address, name, quantity, slow, surface, path } = parts;
  const id = `${plain(chip)}@${address.text ?? "none"}/${plain(name)}`;
  const { bus } = address;
  return {
    id,
    chip,
    surface,
    key:
      address.text === null
        ? null
        : defaultKey({ chip, address: address.text, quantity: quantity.name, which: parts.which }),
    quantity: quantity.name,
    unit: quantity.unit,
    path,
    bus,
    slow,
    automatic: parts.known && address.pluggable && address.text !== null,
    realPath: `${address.realPath}/${path.slice(path.lastIndexOf("/") + 1)}`,
    read(signal, timeoutMs = SLOW_READ_MS) {
      const text = async (file: string) => {
        try {
          if (slow) return await reads.reader.readFile(file, { bus, timeoutMs });
          return await reads.host.readFile(file, LIMIT_BYTES);
        } catch (error) {
          throw asFault(error, file, bus);
        }
      };
      const gate = slow ? reads.child : reads.own;
      return gate.run({ id, bus }, signal, async () => inRange(await parts.value(text), parts));
    },
  };
}

/** "22470\n" is 22470. @throws SensorFault `not ready` for no text at all, `bad value` for any other that is no number */
export function number(path: string, text: string): number {
  const trimmed = text.replace(/\n$/, "");
  if (trimmed === "") throw new SensorFault("not ready", `${path}: empty`);
  const value = decimal(trimmed);
  if (value === null)
    throw new SensorFault("bad value", unexpected(path, "a number", trimmed).message);
  return value;
}

function inRange(value: number, { quantity, path }: ChannelParts): number {
  if (value >= quantity.lowest && value <= quantity.highest) return value;
  throw new SensorFault("bad value", `${path}: ${value} ${quantity.unit} cannot be`);
}
