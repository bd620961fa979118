/**
 * handshaker SERVER
 *
 * Shakes hands when it is told `connect`, and says `full` or `resumed`; at `close` it says goodbye to the server, and `closed`.
 * One session is kept between two connections, as the agent does.
 */
import { createInterface } from "node:readline";
import type { DatagramChannel } from "../../agent/ports.ts";
import { dtlsTo, type ServerAt } from "./dtls-to.ts";

const server: ServerAt = JSON.parse(process.argv[2] ?? "");
const network = dtlsTo(server);
const events = { received() {}, failed() {}, closed() {} };
let channel: DatagramChannel | null = null;

for await (const line of createInterface(process.stdin)) {
  channel?.[Symbol.dispose]();
  channel = line === "connect" ? await network.connect(server, events) : null;
  const done = channel?.isResumed ? "resumed" : "full";
  process.stdout.write(`${channel ? done : "closed"}\n`);
}
