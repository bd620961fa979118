import { abortingWith } from "./aborting.ts";
import { createCoapClient } from "./coap/client.ts";
import { settingsFor } from "./coap/settings.ts";
import type { Config } from "./config/config.ts";
import { parseServerUrl } from "./config/server-url.ts";
import { runDevice } from "./device/device.ts";
import { openAttributes } from "./device/open-attributes.ts";
import { openProvisioner } from "./device/open-provisioner.ts";
import { type Given, openSituation } from "./device/open-situation.ts";
import { bootSplayMs, noSplay } from "./device/splay.ts";
import { createHealth } from "./health.ts";
import type { Platform } from "./ports.ts";
import { openSources } from "./sensors/sources.ts";
import { openOutbox } from "./telemetry/open-outbox.ts";
import { MOST_MESSAGES, openPublisher } from "./telemetry/open-publisher.ts";
import { startTelemetry } from "./telemetry/start-telemetry.ts";
import { createDeviceApi } from "./thingsboard/device-api.ts";
import { createVitals, feedWatchdog } from "./vitals.ts";

/** sources -> sample -> queue -> batch -> publish. Parts meet only here; what opens last closes first. */
export async function runAgent(config: Config, platform: Platform, given: Given): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const { clock, random, host, network, journal, services, throttle } = platform;
  const log = (component: string) => platform.log.child(component);
  const server = parseServerUrl(config.server.url);
  const [vitals, health] = [createVitals(clock), createHealth(given.safeMode)];

  const settings = { ...settingsFor(server.scheme, config.server), nstart: MOST_MESSAGES };
  const coap = { network, clock, random, server, settings, log: log("coap") };
  const transport = cleanup.use(createCoapClient(coap));
  const api = createDeviceApi({ transport });
  const devices = { throttle, agent: { health, journal, coap: transport.stats } };
  const { isDecimal, ...sources } = openSources(config, platform, devices);
  const serialise = { precision: config.telemetry.precision, isDecimal };
  const { plain, timeline } = openOutbox(config, platform);
  const onOutage = () => attributes.recheck();
  const seen = { ...given, outbox: plain, timeline, health, coap: transport.stats, onOutage };
  const { outbox, situation, show } = openSituation(config, platform, seen);
  const sending = { api, outbox, serialise, onServerFault: situation.hindered };
  const publisher = openPublisher(config, platform, sending);
  const { provisioner, hardwareId } = await openProvisioner(config, platform, api);
  const attributes = openAttributes(config, platform, { api, timeline, lastStop: given.lastStop });

  const broken = new AbortController(); // a bug in the sampler ends the whole run, loudly
  const running = cleanup.use(abortingWith(given.signal, broken.signal)).signal;
  const inventory = () => attributes.refresh();
  const measuring = { config, platform, sources, outbox, timeline, vitals, health, hardwareId };
  const started = startTelemetry({ ...measuring, inventory }, running, (bug) => broken.abort(bug));
  cleanup.use(await started);
  cleanup.use(feedWatchdog(clock, services, vitals));
  cleanup.use(show());
  services.ready();

  const splayMs = given.splay ? await bootSplayMs(host, server.host) : noSplay;
  const { on_revoked: onRevoked } = config.provisioning;
  const reporting = { attributes, situation, vitals, services, log: log("device") };
  const device = { provisioner, publisher, outbox, clock, random, ...reporting };
  await runDevice({ ...device, onRevoked, splayMs }, running);
}
