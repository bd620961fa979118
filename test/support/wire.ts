import type { ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { onTestFinished } from "vitest";

/** A UDP datagram over IPv4, as a bystander saw it. */
export interface Seen {
  /** Unix epoch milliseconds. */
  readonly atMs: number;
  /** To the server. */
  readonly isUp: boolean;
  /** Of whoever talks with the server. */
  readonly port: number;
  readonly bytes: Uint8Array;
}

export interface Wire {
  /** In the order in which they passed. */
  readonly seen: readonly Seen[];
  /** Resolves once one has passed, from the `from`th on, that `matches`. */
  until(matches: (datagram: Seen) => boolean, from?: number): Promise<Seen>;
}

type Dump = ChildProcessByStdio<null, Readable, Readable>;

/** Of a packet capture file: pcap-savefile(5). */
const FILE_HEADER = 24;
const PACKET_HEADER = 16;
const LITTLE_ENDIAN_MICROSECONDS = 0xa1b2c3d4;
const ETHERNET = 14;
const UDP = 8;

/** What `tcpdump -w -` writes, read while it is written. Resolves when it listens; ends with the test. */
export async function readWire(dump: Dump, serverHost: string): Promise<Wire> {
  const seen: Seen[] = [];
  const waiting = new Set<() => void>();
  let rest = Buffer.alloc(0);
  let isOpen = false;
  const said = Promise.withResolvers<void>();
  let text = "";
  dump.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    if (/listening on/.test(text)) said.resolve();
  });
  dump.once("error", said.reject);
  dump.once("exit", () => said.reject(new Error(`tcpdump ended: ${text}`)));
  onTestFinished(() => void dump.kill("SIGKILL"));

  dump.stdout.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    if (!isOpen) {
      if (rest.length < FILE_HEADER) return;
      if (rest.readUInt32LE() !== LITTLE_ENDIAN_MICROSECONDS) throw new Error("no pcap of tcpdump");
      rest = rest.subarray(FILE_HEADER);
      isOpen = true;
    }
    for (;;) {
      if (rest.length < PACKET_HEADER) break;
      const end = PACKET_HEADER + rest.readUInt32LE(8);
      if (rest.length < end) break;
      const atMs = rest.readUInt32LE() * 1_000 + rest.readUInt32LE(4) / 1_000;
      seen.push({ atMs, ...datagramOf(rest.subarray(PACKET_HEADER, end), serverHost) });
      rest = rest.subarray(end);
    }
    for (const look of waiting) look();
  });
  await said.promise;
  return {
    seen,
    until: (matches, from = 0) =>
      new Promise((resolve) => {
        const look = () => {
          const found = seen.slice(from).find(matches);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

function datagramOf(frame: Buffer, serverHost: string) {
  const packet = frame.subarray(ETHERNET);
  const headerBytes = 4 * (packet.readUInt8() & 0x0f);
  const isUp = [...packet.subarray(16, 20)].join(".") === serverHost;
  const udp = packet.subarray(headerBytes);
  // Ethernet pads what is short: the length of UDP counts.
  const bytes = Uint8Array.from(udp.subarray(UDP, udp.readUInt16BE(4)));
  return { isUp, port: udp.readUInt16BE(isUp ? 0 : 2), bytes };
}
