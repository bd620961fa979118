import { AgentError, type AgentErrorOptions } from "../errors.ts";

/**
 * What is wrong with a sensor, named by what follows from it: gone: dropped until it is found again; bus fault: one retry,
 * then less and less often; no right: every 5 minutes; not ready and absent: silence; bad value and stuck: no reading.
 */
export type FaultClass =
  | "absent"
  | "gone"
  | "bus fault"
  | "not ready"
  | "no right"
  | "bad value"
  | "stuck";

/** An AgentError `sensor` that knows its class. */
export class SensorFault extends AgentError {
  readonly fault: FaultClass;

  constructor(fault: FaultClass, message: string, options: AgentErrorOptions = {}) {
    super("sensor", message, options);
    this.fault = fault;
  }
}

/** errno(3) names as the drivers of sensors use them; any other is an answer that is no value. */
const CLASS_OF_CODE: Readonly<Record<string, FaultClass>> = {
  ENOENT: "gone",
  ENODEV: "gone",
  ENXIO: "gone",
  EIO: "bus fault",
  ETIMEDOUT: "bus fault",
  EREMOTEIO: "bus fault",
  EPROTO: "bus fault",
  EBADMSG: "bus fault",
  EAGAIN: "not ready",
  EBUSY: "not ready",
  ENODATA: "not ready",
  EACCES: "no right",
  EPERM: "no right",
};

/** Null: not the fault of a sensor but ours. */
export function classify(error: unknown): FaultClass | null {
  if (error instanceof SensorFault) return error.fault;
  const code = errnoOf(error) ?? (error instanceof AgentError ? errnoOf(error.cause) : null);
  if (code !== null) return CLASS_OF_CODE[code] ?? "bad value";
  return error instanceof AgentError && error.kind === "sensor" ? "bad value" : null;
}

/** The system's error about one file as a SensorFault; what is none passes unchanged. */
export function asFault(error: unknown, path: string, bus: string): unknown {
  const code = errnoOf(error);
  if (error instanceof AgentError || code === null) return error;
  const fault = CLASS_OF_CODE[code] ?? "bad value";
  const hint = fault === "no right" ? { hint: rightHint(path, bus) } : {};
  return new SensorFault(fault, `${path}: ${code}`, { cause: error, ...hint });
}

const errnoOf = (error: unknown): string | null =>
  error instanceof Error &&
  "code" in error &&
  typeof error.code === "string" &&
  /^E[A-Z0-9]+$/.test(error.code)
    ? error.code
    : null;

/** Raspberry Pi OS gives each kind of bus to a group of its name: i2c, spi, gpio. */
function rightHint(path: string, bus: string): string {
  const group = /^(i2c|spi|gpio)/.exec(bus)?.[1];
  return group === undefined
    ? `see which group may read it: ls -l ${path}`
    : `the user of the agent is probably not in the group ${group}: sudo usermod -aG ${group} pipit (see ls -l ${path})`;
}
