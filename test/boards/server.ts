import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";

/**
 * What a board finds outside: a stand-in ThingsBoard on port 5683 and the time on port 123, both on loopback, where QEMU's network
 * ends. A line of standard input, `away` or `here`, takes the server away and brings it back. Prints a line of JSON for each request
 * that it has carried out; `n` are all values of that key.
 */

const sandbox = await startSandbox({
  port: 5683,
  httpPort: null,
  onEvent({ path, code }) {
    const n = Object.values(sandbox.state().devices).flatMap(
      ({ telemetry }) => telemetry.keys["n"]?.recent.map(({ value }) => value) ?? [],
    );
    process.stdout.write(`${JSON.stringify({ path, code, n })}\n`);
  },
});

const NTP_EPOCH_S = 2_208_988_800;
const NTP_BYTES = 48;
const TRANSMITTED_AT = 40;

/** RFC 5905 §7.3: a timestamp is seconds since 1900 and their fraction. */
function writeTime(packet: Buffer, offset: number): void {
  const nowMs = Date.now();
  packet.writeUInt32BE(Math.floor(nowMs / 1_000) + NTP_EPOCH_S, offset);
  packet.writeUInt32BE(Math.floor(((nowMs % 1_000) / 1_000) * 2 ** 32), offset + 4);
}

const time = createSocket("udp4");
time.on("message", (request, { port, address }) => {
  if (request.length < NTP_BYTES) return;
  const answer = Buffer.alloc(NTP_BYTES);
  answer[0] = 0x24; // version 4, mode 4: server
  answer[1] = 1; // stratum
  answer[3] = 0xec; // precision: 2^-20 s
  answer.write("LOCL", 12, "latin1");
  writeTime(answer, 16);
  request.copy(answer, 24, TRANSMITTED_AT, NTP_BYTES);
  writeTime(answer, 32);
  writeTime(answer, TRANSMITTED_AT);
  time.send(answer, port, address);
});
time.bind(123, "127.0.0.1");
await once(time, "listening");

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin }))
  sandbox.setFaults({ outage: line === "away" });
await sandbox[Symbol.asyncDispose]();
time.close();
