/**
 * sender JOB
 *
 * A report's transport and nothing else: one recorded report, sent again every interval until this is killed. Says `ready` when
 * a connection that is made beforehand stands; told so, it warms up with a hundred reports at once, and begins. The clients:
 * Pipit's own for CoAP and CoAPS, the package mqtt on Node's TLS for MQTT. They share everything else.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import mqtt from "mqtt";
import { createCoapClient } from "../../agent/coap/client.ts";
import { systemClock } from "../../agent/platform/clock.ts";
import { systemRandom } from "../../agent/platform/random.ts";
import { udpNetwork } from "../../agent/platform/udp.ts";
import type { Network } from "../../agent/ports.ts";
import { createDeviceApi } from "../../agent/thingsboard/device-api.ts";
import type { Trust } from "./contenders.ts";
import { dtlsTo, silent } from "./dtls-to.ts";

export interface Job {
  readonly protocol: "coap" | "coaps" | "mqtts";
  readonly host: string;
  readonly port: number;
  /** Null: in clear text, which only coap is. */
  readonly trust: Trust | null;
  readonly token: string;
  readonly intervalMs: number;
  readonly payloadFile: string;
}

const job: Job = JSON.parse(process.argv[2] ?? "");
const payload = readFileSync(job.payloadFile);

/** Node would offer a post-quantum key as well, 1.2 kB long, which DTLS 1.2 does not know. */
const CLASSIC_KEYS = { ecdhCurve: "X25519:P-256" };

function trusted(): Trust {
  if (job.trust === null) throw new Error(`${job.protocol} has nobody to trust`);
  return job.trust;
}

function coap(network: Network): () => Promise<void> {
  const { host, port, token } = job;
  const transport = createCoapClient({
    network,
    clock: systemClock,
    random: systemRandom,
    server: { host, port },
    log: silent,
  });
  const api = createDeviceApi({ transport });
  const { signal } = new AbortController();
  return () => api.publishTelemetry({ accessToken: token }, payload, signal);
}

/** ThingsBoard's MQTT device API: the access token is the user name. */
async function mqtts(): Promise<() => Promise<unknown>> {
  const { host, port, token } = job;
  const { serverName, caFile } = trusted();
  const client = await mqtt.connectAsync({
    protocol: "mqtts",
    host,
    port,
    servername: serverName,
    ca: readFileSync(caFile),
    ...CLASSIC_KEYS,
    username: token,
    reconnectPeriod: 0, // a second connection would be counted as reports
  });
  client.on("close", () => {
    throw new Error("the broker has closed the connection");
  });
  return () => client.publishAsync("v1/devices/me/telemetry", payload, { qos: 1 });
}

const connect = {
  coap: () => coap(udpNetwork),
  coaps: () => coap(dtlsTo(trusted())),
  mqtts,
}[job.protocol];

/** Reports. Within the first thirty, V8 collects once what the start has left, for 20 ms: else that fell into some window. */
const WARM_UP = 100;

const send = await connect();
process.stdout.write("ready\n");
await once(process.stdin, "data");
process.stdin.destroy();
for (let report = 0; report < WARM_UP; report++) await send();
for (let dueMs = performance.now(); ; ) {
  await send();
  dueMs += job.intervalMs;
  await sleep(dueMs - performance.now());
}
