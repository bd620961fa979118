import {
  type ConfigInput,
  type ParsedConfig,
  parseConfig,
} from "../../agent/config/parse-config.ts";
import type { ConfigFile } from "../../agent/config/toml-file.ts";

export const knownNames = {
  metricNames: [
    ...["cpu", "load", "memory", "disk", "network", "wifi", "uptime", "pi", "agent", "sensors"],
    ...["load5", "swapUsage", "inodeUsage"],
  ],
  sentKeys: () => new Set(["cpuTemperature", "uptime"]),
  schedule: (text: string) => (text.split(" ").length === 5 ? null : "not five fields; write five"),
};

/** A file of mode 0640 with this text. */
export const configFile = (
  text: string | Uint8Array,
  path = "/etc/pipit/pipit.toml",
  mode = 0o100640,
): ConfigFile => ({
  path,
  mode,
  bytes: typeof text === "string" ? new TextEncoder().encode(text) : text,
});

export const parseFile = (text: string | Uint8Array, more: ConfigInput = {}): ParsedConfig =>
  parseConfig({ files: [configFile(text)], ...more }, knownNames);
