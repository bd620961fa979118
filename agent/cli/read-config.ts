import { join } from "node:path";
import { collectors, collectorsFor } from "../collectors/index.ts";
import { metricNames } from "../collectors/select.ts";
import { type ConfigInput, type ParsedConfig, parseConfig } from "../config/parse-config.ts";
import type { Problem } from "../config/problem.ts";
import type { Overrides } from "../config/text-sources.ts";
import {
  readConfigFile,
  readConfigFileIfAny,
  readConfigFolder,
  readCredentials,
  readSecretFile,
} from "../platform/config-files.ts";
import type { OptionValues, Shell } from "./command.ts";
import { sysrootOf } from "./state-dir.ts";

export interface ReadConfigOptions {
  /** Where last-good.toml is; null or absent: do without it. */
  readonly stateDir?: string | null;
  /** Settings that options of the command line give. */
  readonly overrides?: Overrides;
}

export interface ReadConfig extends ParsedConfig {
  /** What drop-ins are shown relative to: "/etc/pipit". */
  readonly folder: string;
  /** Where a missing setting is best written: "/etc/pipit/pipit.toml". */
  readonly mainFile: string;
  readonly source: "files" | "last-good";
}

export const lastGoodFile = (stateDir: string): string => join(stateDir, "last-good.toml");

/** Everything that the files and the environment say, right or wrong; an unreadable file is a problem in it. */
export function readConfig(
  shell: Shell,
  options: OptionValues,
  { stateDir = null, overrides = {} }: ReadConfigOptions = {},
): ReadConfig {
  const folder = join(sysrootOf(options), "etc/pipit");
  const alone = options["config"];
  const input: ConfigInput = {
    files: typeof alone === "string" ? [readConfigFile(alone)] : readConfigFolder(folder),
    environment: shell.env,
    credentials: readCredentials(shell.env["CREDENTIALS_DIRECTORY"]),
    overrides,
    readSecret: readSecretFile,
  };
  const parsed = parse(input);
  const lastGood = stateDir === null || !needsLastGood(parsed) ? null : lastGoodOf(stateDir, input);
  const mainFile = typeof alone === "string" ? alone : join(folder, "pipit.toml");
  if (lastGood === null) return { ...parsed, folder, mainFile, source: "files" };
  const problems = [...parsed.problems, lastGood.notice];
  return { ...lastGood.parsed, problems, folder, mainFile, source: "last-good" };
}

/** Twice where it must be: a disk path brings keys of its own, which `[system] metrics` may name. */
function parse(input: ConfigInput): ParsedConfig {
  const parsed = parseConfig(input, { metricNames: metricNames(collectors) });
  const { disk_paths: diskPaths, network_interfaces: networkInterfaces } = parsed.config.system;
  if (diskPaths.every((path) => path === "/")) return parsed;
  const own = collectorsFor({ diskPaths, networkInterfaces });
  return parseConfig(input, { metricNames: metricNames([...collectors, ...own]) });
}

/** No file parses, or the one with the server URL does not; a URL that is merely wrong is no reason. */
function needsLastGood({ filesParsed, filesBroken, config, origins }: ParsedConfig): boolean {
  if (filesBroken === 0) return false;
  const noServer = config.server.url === "" && !origins.get("server.url")?.rejected;
  return filesParsed === 0 || noServer;
}

function lastGoodOf(stateDir: string, input: ConfigInput) {
  const path = lastGoodFile(stateDir);
  const file = readConfigFileIfAny(path);
  if (file === null) return null;
  const parsed = parse({ ...input, files: [file] });
  if (parsed.filesBroken > 0 || parsed.config.server.url === "") return null;
  const notice: Problem = {
    severity: "error",
    source: path,
    place: null,
    message: "in use, because the configuration does not parse; correct the files named above",
  };
  return { parsed, notice };
}
