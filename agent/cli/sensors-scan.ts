import { chmodSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { AgentError } from "../errors.ts";
import { systemClock } from "../platform/clock.ts";
import { durableWrite } from "../platform/durable-write.ts";
import { openMachine } from "../platform/machine.ts";
import { readWhole } from "../platform/read-whole.ts";
import { storageError } from "../platform/storage-error.ts";
import { openSensors } from "../sensors/open.ts";
import { missingBusHints, suggestToml } from "../sensors/suggest.ts";
import { agentLog } from "./agent-log.ts";
import { type Command, UsageError } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { loadConfig, reportProblems } from "./load-config.ts";
import { readChannels, scanTable } from "./scan-sensors.ts";
import { stateDirOf, sysrootOf } from "./state-dir.ts";

/** Between the files of an operator and what comes later: config.d is read in the order of names. */
const FILE = "config.d/70-sensors.toml";
const HEAD = "# Written by pipit sensors scan --write; yours to edit. A later scan adds to it.\n";

export const sensorsScan: Command = {
  name: "sensors scan",
  summary: "find the sensors of the kernel, read each once, print their configuration",
  options: {
    write: { type: "boolean", help: "add it to /etc/pipit/config.d/70-sensors.toml" },
  },
  async run({ shell, options }) {
    if (options["write"] === true && options["config"] !== undefined)
      throw new UsageError("--write adds a file to config.d, which --config FILE does not read");
    const stateDir = stateDirOf(shell, options);
    const given = { requireServer: false, stateDir };
    const { config, problems } = await loadConfig(shell, options, given);
    reportProblems(shell, problems);

    const root = sysrootOf(options);
    const log = agentLog(shell, config);
    log.setLevel("error"); // what is wrong with a sensor stands beside it
    await using machine = openMachine({
      root,
      clock: systemClock,
      log,
      mayReadThrottled: () => false,
    });
    const { registry } = openSensors(machine, { sensors: [], automatic: true });
    const channels = await registry.channels(systemClock.monotonic());
    const scanned = await readChannels(channels, systemClock, shell.signal);
    for (const line of scanTable(scanned, config.telemetry.precision)) shell.out(line);
    for (const hint of await missingBusHints(machine.host)) shell.out(hint);

    const listed = new Set(config.sensors.map(({ id }) => id));
    const found = scanned
      .filter(({ outcome }) => typeof outcome === "number")
      .map(({ channel }) => channel);
    const unlisted = found.filter(({ id, automatic }) => automatic && !listed.has(id));
    if (unlisted.length === 0) {
      if (options["write"] === true)
        shell.out("\nnothing to write: every sensor that is sent is listed");
      return EXIT.ok;
    }
    const taken = new Set(config.sensors.flatMap(({ key }) => key ?? []));
    const toml = suggestToml(unlisted, taken);
    if (options["write"] !== true) shell.out(`\n${toml.trimEnd()}`);
    else {
      const file = join(root, "etc/pipit", FILE);
      addTo(file, toml);
      shell.out(`\nwrote ${unlisted.length} sensors to ${file}`);
      shell.out("make the agent read it: sudo systemctl reload pipit");
    }
    return EXIT.ok;
  },
};

/** @throws AgentError `storage` */
function addTo(file: string, toml: string): void {
  try {
    const content = readWhole(file, { limitBytes: 1_000_000 });
    if (content === "not a file") throw new AgentError("storage", `${file} is not a file`);
    const before = content === null ? HEAD : new TextDecoder().decode(content.bytes);
    mkdirSync(dirname(file), { recursive: true });
    durableWrite(file, `${before.trimEnd()}\n\n${toml}`);
    chmodSync(file, 0o644); // the agent is another user, and nothing in it is secret
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw storageError(`${file} could not be written`, dirname(file), error);
  }
}
