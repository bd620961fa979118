import { agent } from "../collectors/agent.ts";
import { collectorsFor } from "../collectors/index.ts";
import type { Config } from "../config/config.ts";
import { systemClock } from "../platform/clock.ts";
import type { Machine } from "../platform/machine.ts";
import { openSources } from "../sensors/sources.ts";
import { chooseSources } from "./choose-sources.ts";
import { noAgent } from "./no-agent.ts";

/** The agent's own health is the agent's to tell: only `pipit run` has it. */
export const isOfAgent = (name: string) => name === agent.name || Object.hasOwn(agent.keys, name);

/** What is looked at for a sample beside the service: these names, or what the settings say. */
export async function sampleSources(config: Config, machine: Machine, names: readonly string[]) {
  const { system } = config;
  const settings = {
    diskPaths: system.disk_paths,
    networkInterfaces: system.network_interfaces,
  };
  const collectors = collectorsFor(settings).filter(({ name }) => !isOfAgent(name));
  const devices = { throttle: machine.throttle, agent: noAgent };
  const open = (metrics: readonly string[]) =>
    openSources({ ...config, system: { ...system, metrics } }, machine, devices, {
      tellsGone: true,
    });
  const sensors = open(["sensors"]);
  const found = await sensors.found(systemClock.monotonic());
  const metrics = system.metrics.filter((metric) => !isOfAgent(metric));
  const choice = chooseSources(collectors, metrics, [...sensors.fixed, ...found], names);
  const opened = open([...choice.metrics, ...(names.length > 0 ? ["sensors"] : [])]);
  const isCollector = new Set(collectors.map(({ name }) => name));
  const sources = async (monotonicMs: number) =>
    [...opened.fixed, ...(await opened.found(monotonicMs))].filter(
      (source) => isCollector.has(source.name) || choice.isWanted(source),
    );
  return { sources, isDecimal: opened.isDecimal };
}
