/**
 * node test/kills/rotate.ts STATE PORT TOKEN
 *
 * What the running agent does with a new access token, in a process that can be killed: the real files, the real client.
 * A token that waits already is asked about instead. Ends with 0 when the server knows what is in use then.
 */

import { createCoapClient } from "../../agent/coap/client.ts";
import { defaultConfig } from "../../agent/config/config.ts";
import { parseServerUrl } from "../../agent/config/server-url.ts";
import { openProvisioner } from "../../agent/device/open-provisioner.ts";
import { AgentError } from "../../agent/errors.ts";
import { systemClock } from "../../agent/platform/clock.ts";
import { credentialStore } from "../../agent/platform/credentials.ts";
import { keptSecret } from "../../agent/platform/erase-secret.ts";
import { createHost } from "../../agent/platform/host.ts";
import { noCertificates } from "../../agent/platform/no-certificates.ts";
import { systemRandom } from "../../agent/platform/random.ts";
import { udpNetwork } from "../../agent/platform/udp.ts";
import { createDeviceApi } from "../../agent/thingsboard/device-api.ts";
import { recordingLog } from "../support/recording-log.ts";

const [state = "", port = "", token = ""] = process.argv.slice(2);
const url = `coap://127.0.0.1:${port}`;
const { signal } = new AbortController();
const log = recordingLog();
const transport = createCoapClient({
  network: udpNetwork,
  clock: systemClock,
  random: systemRandom,
  server: parseServerUrl(url),
  settings: { ackTimeoutMs: 100 },
  log,
});
const api = createDeviceApi({ transport });
const { provisioner } = await openProvisioner(
  { ...defaultConfig, server: { ...defaultConfig.server, url } },
  {
    host: createHost({ root: "/" }),
    identity: credentialStore(state, log),
    certificates: noCertificates,
    provisionSecret: keptSecret,
    random: systemRandom,
    log,
  },
  api,
);
const before = provisioner.stored();
try {
  await (provisioner.candidate() === null
    ? provisioner.rotate(token, signal)
    : provisioner.retryCandidate(signal));
} catch (error) {
  if (!(error instanceof AgentError) || error.kind !== "unauthorized") throw error;
}
const inUse = provisioner.stored() ?? before;
const isValid = inUse !== null && (await api.isKnown(inUse, signal));
process.exit(isValid ? 0 : 1);
