import { createCoapClient } from "./coap/client.ts";
import { openCollectors } from "./collectors/open.ts";
import type { Config } from "./config/config.ts";
import { parseServerUrl } from "./config/server-url.ts";
import { runDevice } from "./device/device.ts";
import { openProvisioner } from "./device/open-provisioner.ts";
import { bootSplayMs, noSplay } from "./device/splay.ts";
import type { Platform } from "./ports.ts";
import { createOutbox } from "./telemetry/outbox.ts";
import { createPublisher } from "./telemetry/publisher.ts";
import { createSampler } from "./telemetry/sampler.ts";
import { startSampling } from "./telemetry/sampling.ts";
import { createDeviceApi } from "./thingsboard/device-api.ts";
import { createVitals, feedWatchdog } from "./vitals.ts";

/** sample -> queue -> batch -> publish. Parts meet only here; what opens last closes first. */
export async function runAgent(
  config: Config,
  platform: Platform,
  { signal, splay }: { readonly signal: AbortSignal; readonly splay: boolean },
): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const { clock, random, host, network, journal, services } = platform;
  const log = (component: string) => platform.log.child(component);
  const { telemetry, provisioning } = config;
  const server = parseServerUrl(config.server.url);
  const vitals = createVitals(clock);
  const { sources, keys, decimalKeys } = openCollectors(host, config.system);
  const serialise = { precision: telemetry.precision, decimalKeys };

  const settings = { ackTimeoutMs: config.server.ack_timeout };
  const coap = { network, clock, random, server, settings, log: log("coap") };
  const api = createDeviceApi({ transport: cleanup.use(createCoapClient(coap)) });
  const outbox = createOutbox({ journal, liveFirst: telemetry.live_first });
  const sampler = createSampler({ sources, keys, clock, log: log("sampler") });
  const publisher = createPublisher({ api, outbox, serialise, clock, log: log("publisher") });
  const { provisioner, hardwareId } = await openProvisioner(config, platform, api);

  const broken = new AbortController(); // a bug in the sampler ends the whole run, loudly
  const running = AbortSignal.any([signal, broken.signal]);
  const pace = { intervalMs: telemetry.interval, phase: telemetry.phase, hardwareId };
  const sampling = { sampler, outbox, clock, vitals, pace, log: log("sampler") };
  cleanup.use(await startSampling(sampling, running, (bug) => broken.abort(bug)));
  cleanup.use(feedWatchdog(clock, services, vitals));
  services.ready();

  const splayMs = splay ? await bootSplayMs(host, server.host) : noSplay;
  const { on_revoked: onRevoked } = provisioning;
  const parts = { provisioner, publisher, outbox, clock, random, vitals, services };
  await runDevice({ ...parts, onRevoked, splayMs, log: log("device") }, running);
}
