import { writeFileSync } from "node:fs";
import { join } from "node:path";
import mqtt from "mqtt";
import type { OwnCertificate } from "../../agent/ports.ts";
import { type Arrivals, createArrivals } from "./arrivals.ts";
import { startHelper } from "./contenders.ts";

export interface Broker extends Arrivals, AsyncDisposable {
  /** MQTT over TLS. */
  readonly port: number;
}

/** Of a network namespace where nobody else is. */
const PORT = 8_883;
const PLAIN_PORT = 1_883;

/** mosquitto, and a subscriber by loopback that notes what arrives: for one token, which MQTT says only once, in CONNECT. */
export async function startBroker(
  folder: string,
  own: OwnCertificate,
  token: string,
): Promise<Broker> {
  const at = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const settings = `user root
allow_anonymous true
log_dest stderr
listener ${PLAIN_PORT} 127.0.0.1
listener ${PORT} 0.0.0.0
certfile ${at("broker.pem", own.certificate)}
keyfile ${at("broker.key", own.key)}
`;
  await using stack = new AsyncDisposableStack();
  const mosquitto = stack.use(startHelper(["mosquitto", "-c", at("mosquitto.conf", settings)]));
  // "1764398000: mosquitto version 2.0.11 running"
  await mosquitto.says(/ running$/);
  const subscriber = await mqtt.connectAsync({ host: "127.0.0.1", port: PLAIN_PORT });
  stack.defer(() => subscriber.endAsync());
  await subscriber.subscribeAsync("#");
  const arrivals = createArrivals();
  subscriber.on("message", (_topic, json) =>
    arrivals.add(token, { atMs: performance.now(), bytes: json.length, json }),
  );
  const owned = stack.move();
  return { ...arrivals, port: PORT, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
