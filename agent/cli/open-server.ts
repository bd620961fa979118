import { createCoapClient } from "../coap/client.ts";
import { settingsFor } from "../coap/settings.ts";
import type { Config } from "../config/config.ts";
import { parseServerUrl } from "../config/server-url.ts";
import { systemBootClock } from "../platform/boot-clock.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import type { Logger } from "../ports.ts";
import { createDeviceApi, type DeviceApi } from "../thingsboard/device-api.ts";
import { openNetwork } from "./open-network.ts";

/** The configured server, for a command that asks it a few things and ends. Nothing is sent before the first of them. */
export function openServer(
  config: Config,
  log: Logger,
): { readonly api: DeviceApi } & AsyncDisposable {
  const server = parseServerUrl(config.server.url);
  const network = openNetwork(config, { clock: systemClock, boot: systemBootClock, log });
  const transport = createCoapClient({
    network,
    clock: systemClock,
    random: systemRandom,
    server,
    settings: settingsFor(server.scheme, config.server),
    log: log.child("coap"),
  });
  return {
    api: createDeviceApi({ transport }),
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      network[Symbol.dispose]();
    },
  };
}
