import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { SettingName } from "../config/config.ts";
import type { ParsedConfig } from "../config/parse-config.ts";
import { parseServerUrl } from "../config/server-url.ts";
import { AgentError } from "../errors.ts";
import { errnoOf } from "../platform/errno.ts";
import { type OptionValues, UsageError } from "./command.ts";

/** What setup writes down. */
export interface Answers {
  readonly url: string;
  readonly caFile: string | null;
  /** Null: it stays as it is, or is not needed. */
  readonly key: string | null;
  readonly secret: string | null;
}

/** Asks a person. Null where nobody is there to type. */
export type Ask = ((question: string, isHidden: boolean) => Promise<string>) | null;

const MOST_BYTES = 4_096;

/**
 * From the options, else from what is configured already, else from the terminal.
 * @throws UsageError for what is missing or makes no sense
 */
export async function answersFrom(
  options: OptionValues,
  { config, origins }: Pick<ParsedConfig, "config" | "origins">,
  ask: Ask,
): Promise<Answers> {
  const { server, provisioning } = config;
  const url = textOption(options, "server") ?? (server.url || (await ask?.("Server URL", false)));
  if (!url) throw new UsageError("setup wants --server coaps://HOST; see pipit setup --help");
  checkUrl(url);
  /** Setup replaces its file as a whole; what systemd or the environment gives is not copied into it. */
  const inFile = <T>(name: SettingName, value: T): T | null =>
    origins.get(name)?.origin.kind === "file" ? value : null;
  const given = textOption(options, "key");
  const key = given ?? provisioning.key ?? ((await ask?.("Provision device key", false)) || null);
  const typed = secretFrom(options);
  const isLacking = typed === null && provisioning.secret === null;
  return {
    url,
    caFile:
      caFileFrom(options) ?? (url === server.url ? inFile("server.ca_file", server.ca_file) : null),
    key: given === null && provisioning.key !== null ? inFile("provisioning.key", key) : key,
    secret: isLacking ? (await ask?.("Provisioning secret", true)) || null : typed,
  };
}

/** Absolute, because the service works in another folder. */
function caFileFrom(options: OptionValues): string | null {
  const given = textOption(options, "ca-file");
  if (given === null) return null;
  const path = resolve(given);
  if (!existsSync(path)) throw new UsageError(`--ca-file ${path}: there is no such file`);
  if (/^\/(home|root|tmp|var\/tmp)\//.test(path))
    throw new UsageError(
      `--ca-file ${path}: the service cannot see that folder; copy it to /etc/pipit`,
    );
  return path;
}

function checkUrl(url: string): void {
  try {
    parseServerUrl(url);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    throw new UsageError(`--server ${url}: ${error.message}; ${error.hint}`);
  }
}

function textOption(options: OptionValues, name: string): string | null {
  const given = options[name];
  if (typeof given !== "string") return null;
  if (given.trim() === "")
    throw new UsageError(`--${name} is empty; give a value, or leave it out`);
  return given.trim();
}

/** One of three options; null: none of them. */
function secretFrom(options: OptionValues): string | null {
  const file = textOption(options, "secret-file");
  const typed = textOption(options, "secret");
  const isPiped = options["secret-stdin"] === true;
  if ([file !== null, typed !== null, isPiped].filter(Boolean).length > 1)
    throw new UsageError("give one of --secret-file, --secret-stdin and --secret");
  if (typed !== null) return typed;
  if (file === null && !isPiped) return null;
  const where = file ?? "standard input";
  const secret = read(file ?? 0, where).trim();
  if (secret === "" || /\p{Cc}/u.test(secret) || secret.length > MOST_BYTES)
    throw new UsageError(`${where} must hold the secret and nothing else, on one line`);
  return secret;
}

function read(from: string | number, where: string): string {
  try {
    return readFileSync(from, "utf8");
  } catch (error) {
    throw new UsageError(
      `the secret cannot be read from ${where}: ${errnoOf(error) ?? String(error)}`,
    );
  }
}
