import type { Config } from "../config/config.ts";
import { LARGEST_FILE_BYTES } from "../config/decode-text.ts";
import { lastGoodToml } from "../config/last-good.ts";
import type { Origins } from "../config/parse-config.ts";
import { formatProblem, type Problem } from "../config/problem.ts";
import { AgentError } from "../errors.ts";
import { durableWrite } from "../platform/durable-write.ts";
import { errnoOf } from "../platform/errno.ts";
import { readWhole } from "../platform/read-whole.ts";
import type { OptionValues, Shell } from "./command.ts";
import {
  lastGoodFile,
  type ReadConfig,
  type ReadConfigOptions,
  readConfig,
} from "./read-config.ts";
import { withSeverity } from "./severity.ts";

export interface LoadConfigOptions extends ReadConfigOptions {
  /** The command cannot do without a server. */
  readonly requireServer: boolean;
}

export interface LoadedConfig {
  readonly config: Config;
  /** In the order of the files; see reportProblems. */
  readonly problems: readonly Problem[];
  readonly origins: Origins;
  /** Something the operator wrote does not count: the agent runs, and says so. */
  readonly degraded: boolean;
  readonly source: "files" | "last-good";
}

/**
 * The configuration to run with. A wrong value or a broken file degrades and is in `problems`.
 * @throws AgentError `config` when a server is required and no source names one; its problems are on stderr then,
 *   because nobody else will have them
 */
export async function loadConfig(
  shell: Shell,
  options: OptionValues,
  { requireServer, ...rest }: LoadConfigOptions,
): Promise<LoadedConfig> {
  const read = await readConfig(shell, options, rest);
  const { config, problems, origins, source } = read;
  const fatal = requireServer ? missingServer(read) : null;
  if (fatal !== null) {
    reportProblems(shell, problems);
    throw fatal.error;
  }
  const degraded = problems.some(({ severity }) => severity === "error");
  return { config, problems, origins, degraded, source };
}

export interface MissingServer {
  readonly error: AgentError;
  /** The problems of the sources say it already. */
  readonly reported: boolean;
}

/** Why the agent could not start with this, or null. */
export function missingServer(read: ReadConfig): MissingServer | null {
  const { config, origins, filesParsed, filesBroken, mainFile } = read;
  if (config.server.url !== "") return null;
  const hint = "correct it, then run: pipit config check";
  if (origins.get("server.url")?.rejected)
    return {
      error: new AgentError("config", "the server URL is wrong, see above", { hint }),
      reported: true,
    };
  if (filesBroken > 0 && filesParsed === 0)
    return {
      error: new AgentError("config", "no configuration file parses, see above", { hint }),
      reported: true,
    };
  const write = `write url = "coap://HOST" below [server] in ${mainFile}, or set PIPIT_SERVER_URL`;
  return {
    error: new AgentError("config", "no server URL from any source", { hint: write }),
    reported: false,
  };
}

/** All problems at once, each with its line, on stderr. */
export function reportProblems(shell: Shell, problems: readonly Problem[]): void {
  for (const problem of problems) {
    shell.err(withSeverity(shell, problem.severity, formatProblem(problem)));
  }
}

/**
 * Keeps the configuration in effect, without secrets, for a start on which no file parses. Writes only what is
 * free of errors and differs from what is kept: a restart must not wear the card.
 * @throws AgentError `storage` when it cannot be written: the agent can do without
 */
export function saveLastGood({ config, degraded }: LoadedConfig, stateDir: string): void {
  if (degraded || config.server.url === "") return;
  const file = lastGoodFile(stateDir);
  const text = lastGoodToml(config);
  if (text === kept(file)) return;
  try {
    durableWrite(file, text);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw new AgentError("storage", `cannot keep ${file}`, {
      cause: error,
      hint: "check that the state folder is writable and has space",
    });
  }
}

function kept(file: string): string | null {
  try {
    const content = readWhole(file, { limitBytes: LARGEST_FILE_BYTES });
    return content === null || content === "not a file"
      ? null
      : new TextDecoder().decode(content.bytes);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null; // absent or damaged: then it is written anew
  }
}
