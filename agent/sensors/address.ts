/** Where a chip sits: its bus address, which stays the same over reboots. */
export interface Address {
  /** "1-0076", "spi0.0", "28-0316a2794eff"; null without a parent device that has one. */
  readonly text: string | null;
  /** Reads on one bus follow each other: "i2c-1". */
  readonly bus: string;
  /** On a bus that people plug sensors into; not soldered to the board. */
  readonly pluggable: boolean;
  /** Real path of the device: the order in which equal keys are told apart. */
  readonly realPath: string;
}

const I2C = /^(\d+)-00[0-9a-f]{2}$/;
const SPI = /^(spi\d+)\.\d+$/;
/** A device-tree node with a unit address: "dht11@4" is on GPIO 4. */
const NODE = /^[\w-]+@[0-9a-f]+$/;

/** Folders of /sys/devices that are no device. */
const NO_DEVICE = /^(|devices|virtual|platform|hwmon|iio)$/;

/** The device's address from its real path: `…/i2c-1/1-0076` is chip 0x76 on I²C bus 1. */
export function addressOf(realPath: string, label: string | null): Address {
  const name = basename(realPath);
  const i2c = I2C.exec(name)?.[1];
  const spi = SPI.exec(name)?.[1];
  const text = label ?? (NO_DEVICE.test(name) ? null : name);
  return {
    text: text === null ? null : plain(text),
    bus: i2c === undefined ? (spi ?? name) : `i2c-${i2c}`,
    pluggable: i2c !== undefined || spi !== undefined || NODE.test(name),
    realPath,
  };
}

/** Names come from drivers and device trees; an id is written into TOML, logs and shells. */
export const plain = (name: string): string => name.trim().replace(/[^\w.:@-]+/g, "-");

export const basename = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
export const dirname = (path: string): string => path.slice(0, path.lastIndexOf("/"));
