import { readFileSync } from "node:fs";
import { isAccessToken } from "../thingsboard/provision-message.ts";
import { UsageError } from "./command.ts";

/** What `--token-stdin` hands over: not on the command line, where `ps` shows it to everybody. @throws UsageError */
export function tokenFromStdin(): string {
  const token = readFileSync(0, "utf8").trim();
  if (isAccessToken(token) && !/\s/.test(token)) return token;
  throw new UsageError(
    "--token-stdin wants one access token on standard input: 1 to 255 bytes, no spaces",
  );
}
