import { join } from "node:path";
import { collectors, collectorsFor } from "../collectors/index.ts";
import { metricNames, selectCollectors } from "../collectors/select.ts";
import { type ConfigInput, type ParsedConfig, parseConfig } from "../config/parse-config.ts";
import type { Problem } from "../config/problem.ts";
import type { KnownNames } from "../config/setting.ts";
import type { Overrides } from "../config/text-sources.ts";
import {
  readConfigFile,
  readConfigFileIfAny,
  readConfigFolder,
  readCredentials,
  readSecretFile,
} from "../platform/config-files.ts";
import type { OptionValues, Shell } from "./command.ts";
import { openKey } from "./open-key.ts";
import { stateDirOf, sysrootOf } from "./state-dir.ts";

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
export async function readConfig(
  shell: Shell,
  options: OptionValues,
  { stateDir = null, overrides = {} }: ReadConfigOptions = {},
): Promise<ReadConfig> {
  const folder = join(sysrootOf(options), "etc/pipit");
  const alone = options["config"];
  const input: ConfigInput = {
    files: typeof alone === "string" ? [readConfigFile(alone)] : readConfigFolder(folder),
    environment: shell.env,
    credentials: readCredentials(shell.env["CREDENTIALS_DIRECTORY"]),
    overrides,
    readSecret: (path) => readSecretFile(path, stateDirOf(shell, options)),
  };
  const parsed = await parseSources(input);
  const lastGood =
    stateDir === null || !needsLastGood(parsed) ? null : await lastGoodOf(stateDir, input);
  const mainFile = typeof alone === "string" ? alone : join(folder, "pipit.toml");
  const open = openKey((lastGood?.parsed ?? parsed).config);
  if (lastGood === null) {
    const problems = [...parsed.problems, ...open];
    return { ...parsed, problems, folder, mainFile, source: "files" };
  }
  const problems = [...parsed.problems, ...open, lastGood.notice];
  return { ...lastGood.parsed, problems, folder, mainFile, source: "last-good" };
}

/** No collector: stands for the sensors that are plugged in, see [system] metrics. */
const SENSORS = "sensors";

type CheckSchedule = (text: string) => string | null;

/** The library for schedules is loaded only where a file speaks of one: most boards never pay for it. */
async function scheduleChecker({ files = [] }: ConfigInput): Promise<CheckSchedule> {
  const speaks = files.some(
    (file) => "bytes" in file && /schedule/.test(new TextDecoder().decode(file.bytes)),
  );
  if (!speaks) return () => null;
  const { checkSchedule } = await import("../platform/schedule-check.ts");
  return checkSchedule;
}

const sentKeys: KnownNames["sentKeys"] = ({ metrics, disk_paths, network_interfaces }) => {
  const settings = { diskPaths: disk_paths, networkInterfaces: network_interfaces };
  return selectCollectors(collectorsFor(settings), metrics).keys;
};

/** Twice where it must be: a disk path brings keys of its own, which `[system] metrics` may name. */
export async function parseSources(input: ConfigInput): Promise<ParsedConfig> {
  const schedule = await scheduleChecker(input);
  const known = (names: readonly string[]) => ({
    metricNames: [...names, SENSORS],
    schedule,
    sentKeys,
  });
  const parsed = parseConfig(input, known(metricNames(collectors)));
  const { disk_paths: diskPaths, network_interfaces: networkInterfaces } = parsed.config.system;
  if (diskPaths.every((path) => path === "/")) return parsed;
  const own = collectorsFor({ diskPaths, networkInterfaces });
  return parseConfig(input, known(metricNames([...collectors, ...own])));
}

/** No file parses, or the one with the server URL does not; a URL that is merely wrong is no reason. */
function needsLastGood({ filesParsed, filesBroken, config, origins }: ParsedConfig): boolean {
  if (filesBroken === 0) return false;
  const noServer = config.server.url === "" && !origins.get("server.url")?.rejected;
  return filesParsed === 0 || noServer;
}

async function lastGoodOf(stateDir: string, input: ConfigInput) {
  const path = lastGoodFile(stateDir);
  const file = readConfigFileIfAny(path);
  if (file === null) return null;
  const parsed = await parseSources({ ...input, files: [file] });
  if (parsed.filesBroken > 0 || parsed.config.server.url === "") return null;
  const notice: Problem = {
    severity: "error",
    source: path,
    place: null,
    message: "in use, because the configuration does not parse; correct the files named above",
  };
  return { parsed, notice };
}
