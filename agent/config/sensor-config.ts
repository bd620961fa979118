/**
 * One [[sensors]] entry, checked. Durations in milliseconds. Types and no interfaces, because they are built from the
 * rows of sensor-settings.ts.
 */
export type SensorConfig = KernelSensor | GpioSensor | ExecSensor | FileSensor;

type CommonSensor = {
  /** Names the entry: two entries with one id, the later counts. Kernel: the channel. Others: the key if not given. */
  readonly id: string;
  /** False: not read; silences a channel that is published by itself. */
  readonly enabled: boolean;
  /** Null (kernel only): the default key of the channel. exec and file with "json" or "keyvalue": put before the names, may be null. */
  readonly key: string | null;
  /** Null: as [telemetry] interval. */
  readonly interval: number | null;
  /** Cron expression instead of interval. */
  readonly schedule: string | null;
  /** Null: the kernel's; none for the others. */
  readonly unit: string | null;
  readonly on_change: boolean;
  /** value * factor + offset */
  readonly factor: number;
  readonly offset: number;
  /** Null: as [telemetry] deadband. */
  readonly deadband: number | null;
  /** Null: 2 s; 3 s for 1-Wire; 5 s for exec. */
  readonly timeout: number | null;
};

export type KernelSensor = CommonSensor & {
  readonly type: "kernel";
};

export type GpioSensor = CommonSensor & {
  readonly type: "gpio";
  readonly key: string;
  readonly chip: string;
  readonly line: number | string;
  readonly bias: "as-is" | "pull-up" | "pull-down" | "disabled";
  readonly active_low: boolean;
  /** Not "none": `<key>Count` is sent too. */
  readonly edges: "none" | "rising" | "falling" | "both";
  readonly debounce: number;
};

export type ExecSensor = CommonSensor & {
  readonly type: "exec";
  readonly command: readonly string[];
  readonly format: "number" | "json" | "keyvalue";
};

export type FileSensor = CommonSensor & {
  readonly type: "file";
  readonly path: string;
  readonly format: "number" | "json";
  /** Regular expression whose first group is the number; format "number" only. */
  readonly pattern: string | null;
};

/** One [[jobs]] entry. */
export type JobConfig = {
  readonly schedule: string;
  /** "sample": look at everything now. "inventory": gather and send the client attributes anew. */
  readonly run: "inventory" | "sample";
};
