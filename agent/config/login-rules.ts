import type { Config, SettingName } from "./config.ts";
import type { Problem } from "./problem.ts";
import { parseServerUrl } from "./server-url.ts";
import type { CheckedEntry } from "./source.ts";

/** What is right by itself, and not beside the other settings: it does not count, and the operator learns why. */
export function applyLoginRules(
  config: Config,
  givenBy: (name: SettingName) => CheckedEntry | undefined,
): { readonly config: Config; readonly problems: readonly Problem[] } {
  const { server, provisioning } = config;
  const { client_cert: certificate, client_key: key } = server;
  const isPlain = server.url !== "" && parseServerUrl(server.url).scheme === "coap";
  const problem = (name: SettingName, message: string): Problem => {
    const { origin, place = null } = givenBy(name) ?? {};
    return { severity: "error", source: origin?.name ?? name, place, message };
  };
  const problems: Problem[] = [];
  if ((certificate === null) !== (key === null)) {
    const [given, missing] =
      key === null ? ["client_cert", "client_key"] : ["client_key", "client_cert"];
    problems.push(
      problem(
        key === null ? "server.client_cert" : "server.client_key",
        `${given} counts only together with ${missing}; give the paths of both`,
      ),
    );
  } else if (certificate !== null && isPlain)
    problems.push(
      problem("server.client_cert", "coap:// has no certificates; write coaps:// in [server] url"),
    );
  const isHanded = certificate !== null && problems.length === 0;
  const isOwnImpossible = provisioning.credentials_type === "x509" && isPlain;
  if (isOwnImpossible)
    problems.push(
      problem(
        "provisioning.credentials_type",
        'credentials_type = "x509" needs DTLS; write coaps:// in [server] url',
      ),
    );
  return {
    problems,
    config: {
      ...config,
      server: isHanded ? server : { ...server, client_cert: null, client_key: null },
      provisioning: isOwnImpossible
        ? { ...provisioning, credentials_type: "access_token" }
        : provisioning,
    },
  };
}
