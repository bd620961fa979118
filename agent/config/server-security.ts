import type { Config } from "./config.ts";
import { isLoopback, parseServerUrl } from "./server-url.ts";

/** `local`: nobody is on the way. `unverified`: encrypted for whoever answered. */
export type ServerSecurity = "dtls" | "unverified" | "local" | "clear text";

/** How what is sent is protected. Null without a server. */
export function serverSecurity({ server }: Pick<Config, "server">): ServerSecurity | null {
  if (server.url === "") return null;
  const { scheme, host } = parseServerUrl(server.url);
  if (scheme === "coaps") return server.insecure_skip_verify ? "unverified" : "dtls";
  return isLoopback(host) ? "local" : "clear text";
}
