import type { Config } from "./config.ts";
import { isLoopback, parseServerUrl } from "./server-url.ts";

/** `local`: nobody is on the way. `unverified`: encrypted for whoever answered. */
export type ServerSecurity = "dtls" | "unverified" | "local" | "clear text";

/** How what is sent is protected. @throws AgentError `config` without a server */
export function serverSecurity(server: Config["server"]): ServerSecurity {
  const { scheme, host } = parseServerUrl(server.url);
  if (scheme === "coaps") return server.insecure_skip_verify ? "unverified" : "dtls";
  return isLoopback(host) ? "local" : "clear text";
}
