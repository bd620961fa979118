import type { Config } from "./config.ts";
import { isLoopback, parseServerUrl } from "./server-url.ts";

const UNVERIFIED =
  "insecure_skip_verify is on: whoever answers is believed, and may read the access token and the provisioning secret";

/** What is no mistake of the operator, but has to be said as long as it is so. */
export function standingWarnings({ server }: Config): readonly string[] {
  if (server.url === "") return [];
  const { scheme, host } = parseServerUrl(server.url);
  if (scheme === "coaps") return server.insecure_skip_verify ? [UNVERIFIED] : [];
  if (isLoopback(host)) return [];
  return [
    "coap:// is clear text: the access token and the provisioning secret can be read on the way; use it only on a network that you trust",
  ];
}
