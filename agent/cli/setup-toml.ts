import type { Answers } from "./setup-answers.ts";

/** Escapes what TOML does not take as it is in a basic string; a JSON string is one (TOML 1.0, "String"). */
const quoted = JSON.stringify;

/** What setup leaves in config.d: settings alone, the secret is never among them. */
export function setupToml({ url, caFile, key }: Answers): string {
  return [
    "# Written by pipit setup, which replaces it as a whole: to change a setting run it again, or put a later file beside it.",
    "[server]",
    `url = ${quoted(url)}`,
    ...(caFile === null ? [] : [`ca_file = ${quoted(caFile)}`]),
    ...(key === null ? [] : ["", "[provisioning]", `key = ${quoted(key)}`]),
    "",
  ].join("\n");
}
