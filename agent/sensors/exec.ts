import type { ExecSensor } from "../config/sensor-config.ts";
import type { ReaderChild } from "../ports.ts";
import type { Source } from "../source.ts";
import { sourceOf } from "./from-config.ts";
import { shape } from "./shape.ts";

const TIMEOUT_MS = 5_000;
/** Programs follow each other: the last of many has waited for all before it. */
const DEADLINE_MS = 600_000;

/** A program of the user that prints a number, a JSON object, or lines of key=value. */
export function execSource(config: ExecSensor, reader: ReaderChild): Source {
  const { id, key, command, format, unit, timeout } = config;
  const [program = ""] = command;
  const collect = async () => {
    const text = await reader.run(command, { timeoutMs: timeout ?? TIMEOUT_MS });
    return shape(config, program, text);
  };
  return sourceOf(config, {
    name: `exec ${id}`,
    group: `exec ${id}`,
    deadlineMs: DEADLINE_MS,
    keys:
      format === "number" && key !== null ? { [key]: { unit: unit ?? "", source: program } } : {},
    collect,
  });
}
