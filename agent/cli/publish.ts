import { readFileSync } from "node:fs";
import { quoteName } from "../config/secrecy.ts";
import { isJsonObject, parseJson } from "../json.ts";
import { checkReadings } from "../platform/intake-protocol.ts";
import { PublishError, publishTo } from "../platform/publish-client.ts";
import type { Readings } from "../ports.ts";
import { readingOf } from "../sensors/program-output.ts";
import { type Command, UsageError } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { publishSocketIn } from "./publish-socket.ts";

/** What systemd makes for the service, when this runs outside of it. */
const DEFAULT_SOCKET = "/run/pipit/publish.sock";

export const publish: Command = {
  name: "publish",
  summary: "hand readings of your own programs to the running agent",
  arguments: "KEY=VALUE...",
  options: {
    json: { type: "boolean", help: "read one JSON object from standard input" },
    socket: { type: "string", value: "PATH", help: `the agent's socket (else ${DEFAULT_SOCKET})` },
  },
  async run({ shell, options, positionals }) {
    const given = options["socket"];
    if (given === "") throw new UsageError("--socket is empty; name a file, or leave it out");
    const path = typeof given === "string" ? given : (publishSocketIn(shell) ?? DEFAULT_SOCKET);
    const readings = readingsOf(options["json"] === true, positionals);
    try {
      await publishTo(path, readings);
    } catch (error) {
      if (!(error instanceof PublishError) || error.failure !== "permission") throw error;
      shell.err(`pipit: ${error.message}`);
      shell.err(`       ${error.hint}`);
      return EXIT.permission;
    }
    return EXIT.ok;
  },
};

function readingsOf(json: boolean, words: readonly string[]): Readings {
  if (json && words.length > 0) throw new UsageError("--json takes no KEY=VALUE: it reads stdin");
  const entries = json ? entriesOf(readFileSync(0, "utf8")) : words.map(entryOf);
  try {
    return checkReadings(entries);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function entryOf(word: string): readonly [string, unknown] {
  const equals = word.indexOf("=");
  if (equals < 1)
    throw new UsageError(`${quoteName(word)} is not KEY=VALUE; write it like doorOpen=true`);
  return [word.slice(0, equals), readingOf(word.slice(equals + 1))];
}

function entriesOf(text: string): readonly (readonly [string, unknown])[] {
  const parsed = parseJson(text);
  if (isJsonObject(parsed)) return Object.entries(parsed);
  throw new UsageError('standard input is not one JSON object; write it like {"doorOpen":true}');
}
