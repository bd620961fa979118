import type { Config, SettingName } from "./config.ts";
import type { Problem } from "./problem.ts";
import { parseServerUrl } from "./server-url.ts";
import type { CheckedEntry } from "./source.ts";

/**
 * What is right by itself, and not beside the other settings. It stays as it is: who wants a certificate must not become another
 * device by a token, so the agent refuses to log in until it is mended (`deviceCertificates`).
 */
export function loginProblems(
  config: Config,
  givenBy: (name: SettingName) => CheckedEntry | undefined,
): readonly Problem[] {
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
  if (provisioning.credentials_type === "x509" && isPlain)
    problems.push(
      problem(
        "provisioning.credentials_type",
        'credentials_type = "x509" needs DTLS; write coaps:// in [server] url',
      ),
    );
  return problems;
}
