/**
 * handshaker SERVER
 *
 * Shakes hands when it is told `connect`, and says `full` or `resumed` and the processor time of that in ms; at `close` it says goodbye
 * to the server, and `closed`. One session is kept between two connections, as the agent does, until it is told `forget`.
 */
import { createInterface } from "node:readline";
import type { DatagramChannel } from "../../agent/ports.ts";
import { dtlsTo, type ServerAt } from "./dtls-to.ts";

const server: ServerAt = JSON.parse(process.argv[2] ?? "");
const events = { received() {}, failed() {}, closed() {} };
let network = dtlsTo(server);
let channel: DatagramChannel | null = null;

for await (const line of createInterface(process.stdin)) {
  channel?.[Symbol.dispose]();
  channel = null;
  if (line === "forget") network = dtlsTo(server);
  const before = process.cpuUsage();
  if (line === "connect") channel = await network.connect(server, events);
  const { user, system } = process.cpuUsage(before);
  const done = `${channel?.isResumed ? "resumed" : "full"} ${(user + system) / 1_000}`;
  process.stdout.write(`${channel ? done : "closed"}\n`);
}
