import type { Config } from "./config.ts";
import { type ServerSecurity, serverSecurity } from "./server-security.ts";

const warnings: Readonly<Partial<Record<ServerSecurity, string>>> = {
  "clear text":
    "coap:// is clear text: the access token and the provisioning secret can be read on the way; use it only on a network that you trust",
  unverified:
    "insecure_skip_verify is on: whoever answers is believed, and may read the access token and the provisioning secret",
};

/** What is no mistake of the operator, but has to be said as long as it is so. */
export function standingWarnings({ server }: Config): readonly string[] {
  if (server.url === "") return [];
  const warning = warnings[serverSecurity(server)];
  return warning === undefined ? [] : [warning];
}
