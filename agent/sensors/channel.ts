/** One quantity of one chip, as a driver of the kernel shows it. */
export interface Channel {
  /** "bme280@1-0076/temp": chip, address on its bus, name of the channel. Stays the same over reboots. */
  readonly id: string;
  /** "bme280" */
  readonly chip: string;
  readonly surface: "iio" | "hwmon" | "w1";
  /** Default telemetry key, "bme280At1x76Temperature"; null without a stable address. */
  readonly key: string | null;
  /** "temperature": what a friendly key would be made of. */
  readonly quantity: string;
  readonly unit: string;
  /** The file that is read. */
  readonly path: string;
  /** Reads on one bus follow each other: "i2c-1", "w1_bus_master1". */
  readonly bus: string;
  /** Read by the reader child: each read blocks for most of a second. */
  readonly slow: boolean;
  /** Sent without being listed: on a bus that people plug sensors into, of a known quantity, with a stable address. */
  readonly automatic: boolean;
  /** The value in `unit`. @throws AgentError `sensor` */
  read(signal: AbortSignal): Promise<number>;
}
