import type { Config } from "../config/config.ts";
import { durationMs, parseDuration } from "../config/duration.ts";
import { AgentError } from "../errors.ts";
import { systemClock } from "../platform/clock.ts";
import { openMachine } from "../platform/machine.ts";
import { type SerialiseOptions, serialiseSample } from "../thingsboard/serialise.ts";
import { agentLog } from "./agent-log.ts";
import { type Command, type OptionValues, type Shell, UsageError } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { loadConfig, reportProblems } from "./load-config.ts";
import { isOfAgent, sampleSources } from "./sample-sources.ts";
import { sampleTable } from "./sample-table.ts";
import { stateDirOf, sysrootOf } from "./state-dir.ts";
import { type TakenSample, takeSamples } from "./take-samples.ts";

const DEFAULT_INTERVAL_MS = durationMs("1s");
/** As often as a person can read it. */
const WATCH_INTERVAL_MS = durationMs("2s");
/** The kernel counts processor time in ticks of 10 ms: over less than this a percentage is noise. */
const SHORTEST_INTERVAL_MS = durationMs("100ms");
const LONGEST_INTERVAL_MS = durationMs("24h");

/** Moves the cursor home and clears the screen (ECMA-48). */
const CLEAR = "\u001b[H\u001b[2J";

export const sample: Command = {
  name: "sample",
  summary: "one sample of this machine, printed; nothing is sent or stored",
  arguments: "[NAME...]",
  options: {
    json: { type: "boolean", help: "print what ThingsBoard would be sent" },
    watch: { type: "boolean", help: "again and again until Ctrl-C, every 2s" },
    count: { type: "string", value: "N", help: "so many samples (1; with --watch no end)" },
    interval: {
      type: "string",
      value: "D",
      help: "between two looks (1s); rates are means over it",
    },
  },
  async run({ shell, options, positionals }) {
    const watch = options["watch"] === true;
    const count =
      watch && options["count"] === undefined
        ? Number.POSITIVE_INFINITY
        : countOf(options["count"]);
    refuseAgent(positionals);
    const intervalMs = intervalOf(
      options["interval"],
      watch ? WATCH_INTERVAL_MS : DEFAULT_INTERVAL_MS,
    );
    const config = await configured(shell, options);
    const log = agentLog(shell, config);
    log.setLevel("error"); // what is wrong with a reading stands beside it
    await using machine = openMachine({
      root: sysrootOf(options),
      clock: systemClock,
      log,
      mayReadThrottled: () => config.system.pi_throttle,
    });
    const { sources, isDecimal } = await sampleSources(config, machine, positionals);
    const asSent = { precision: config.telemetry.precision, isDecimal };
    const print = (taken: TakenSample) => {
      if (options["json"] === true) return printJson(shell, taken, asSent);
      shell.out(`${watch && shell.color ? CLEAR : ""}${sampleTable(taken, asSent)}`);
    };
    const { signal } = shell;
    try {
      const deps = { clock: systemClock, sources, count, intervalMs, signal };
      for await (const taken of takeSamples(deps)) print(taken);
    } catch (error) {
      if (!signal.aborted) throw error; // Ctrl-C between two samples is no failure
    }
    return EXIT.ok;
  },
};

/** Without a server, and with what is wrong reported beside: whoever mends a board needs this command most. */
async function configured(shell: Shell, options: OptionValues): Promise<Config> {
  const stateDir = stateDirOf(shell, options);
  const given = { requireServer: false, stateDir };
  const { config, problems } = await loadConfig(shell, options, given);
  reportProblems(shell, problems);
  return config;
}

function refuseAgent(names: readonly string[]): void {
  const name = names.find(isOfAgent);
  if (name === undefined) return;
  throw new UsageError(
    `"${name}" is what the running agent knows of itself, and no file of this machine; see the device's latest telemetry, where it is sent every 5 minutes`,
  );
}

/** Byte for byte what the serialiser makes of it, so that it can be compared with what the server stores. */
function printJson(shell: Shell, taken: TakenSample, options: SerialiseOptions): void {
  for (const { source, outcome } of taken.looks)
    if (outcome instanceof AgentError) shell.err(`pipit: ${source.name}: ${outcome.message}`);
  const { text, refused } = serialiseSample(taken, options);
  for (const { key, reason } of refused) shell.err(`pipit: ${key} is not sent: ${reason}`);
  shell.out(text ?? `{"ts":${taken.ts},"values":{}}`);
}

type Given = string | boolean | undefined;

function countOf(given: Given): number {
  if (given === undefined) return 1;
  if (typeof given === "string" && /^[1-9]\d{0,5}$/.test(given)) return Number(given);
  throw new UsageError(`--count ${given}: needs a whole number from 1 to 999999`);
}

function intervalOf(given: Given, otherwise: number): number {
  if (given === undefined) return otherwise;
  const ms = parseDuration(String(given));
  if (ms === null)
    throw new UsageError(`--interval ${given}: needs a number and a unit; write "2s"`);
  if (ms < SHORTEST_INTERVAL_MS || ms > LONGEST_INTERVAL_MS)
    throw new UsageError(`--interval ${given}: must be 100ms to 24h`);
  return ms;
}
