import { collectorsFor } from "../collectors/index.ts";
import type { Selection } from "../collectors/select.ts";
import { durationMs, parseDuration } from "../config/duration.ts";
import { systemClock } from "../platform/clock.ts";
import { createHost } from "../platform/host.ts";
import { serialiseSample } from "../thingsboard/serialise.ts";
import { chooseCollectors } from "./choose-collectors.ts";
import { type Command, type OptionValues, type Shell, UsageError } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { loadConfig, reportProblems } from "./load-config.ts";
import { sampleTable } from "./sample-table.ts";
import { stateDirOf, sysrootOf } from "./state-dir.ts";
import { type TakenSample, takeSamples } from "./take-samples.ts";

const DEFAULT_INTERVAL_MS = durationMs("1s");
/** The kernel counts processor time in ticks of 10 ms: over less than this a percentage is noise. */
const SHORTEST_INTERVAL_MS = durationMs("100ms");
const LONGEST_INTERVAL_MS = durationMs("24h");

export const sample: Command = {
  name: "sample",
  summary: "one sample of this machine, printed; nothing is sent or stored",
  arguments: "[COLLECTOR...]",
  options: {
    json: { type: "boolean", help: "print what ThingsBoard would be sent" },
    count: { type: "string", value: "N", help: "so many samples (1)" },
    interval: {
      type: "string",
      value: "D",
      help: "between two looks (1s); rates are means over it",
    },
  },
  async run({ shell, options, positionals }) {
    const count = countOf(options["count"]);
    const intervalMs = intervalOf(options["interval"]);
    const { precision, metrics, settings } = configured(shell, options);
    const selection = chooseCollectors(collectorsFor(settings), metrics, positionals);
    const print = options["json"] === true ? printJson : printTable;
    const host = createHost({ root: sysrootOf(options) });
    const { signal } = shell;
    const deps = { host, clock: systemClock, selection, settings, count, intervalMs, signal };
    try {
      for await (const taken of takeSamples(deps)) print(shell, taken, selection, precision);
    } catch (error) {
      if (!signal.aborted) throw error; // Ctrl-C between two samples is no failure
    }
    return EXIT.ok;
  },
};

/** Without a server, and with what is wrong reported beside: whoever mends a board needs this command most. */
function configured(shell: Shell, options: OptionValues) {
  const stateDir = stateDirOf(shell, options);
  const { config, problems } = loadConfig(shell, options, { requireServer: false, stateDir });
  reportProblems(shell, problems);
  const { system, telemetry } = config;
  return {
    precision: telemetry.precision,
    metrics: system.metrics,
    settings: { diskPaths: system.disk_paths, networkInterfaces: system.network_interfaces },
  };
}

type Print = (shell: Shell, taken: TakenSample, chosen: Selection, precision: number) => void;

const printTable: Print = (shell, taken, selection) => shell.out(sampleTable(taken, selection));

/** Byte for byte what the serialiser makes of it, so that it can be compared with what the server stores. */
const printJson: Print = (shell, taken, { collectors }, precision) => {
  for (const [{ name }, { message }] of taken.failures) shell.err(`pipit: ${name}: ${message}`);
  const specs = collectors.flatMap(({ keys }) => Object.entries(keys));
  const decimalKeys = new Set(specs.filter(([, { whole }]) => !whole).map(([key]) => key));
  const { text } = serialiseSample(taken, { precision, decimalKeys });
  shell.out(text ?? `{"ts":${taken.ts},"values":{}}`);
};

type Given = string | boolean | undefined;

function countOf(given: Given): number {
  if (given === undefined) return 1;
  if (typeof given === "string" && /^[1-9]\d{0,5}$/.test(given)) return Number(given);
  throw new UsageError(`--count ${given}: needs a whole number from 1 to 999999`);
}

function intervalOf(given: Given): number {
  if (given === undefined) return DEFAULT_INTERVAL_MS;
  const ms = parseDuration(String(given));
  if (ms === null)
    throw new UsageError(`--interval ${given}: needs a number and a unit; write "2s"`);
  if (ms < SHORTEST_INTERVAL_MS || ms > LONGEST_INTERVAL_MS)
    throw new UsageError(`--interval ${given}: must be 100ms to 24h`);
  return ms;
}
