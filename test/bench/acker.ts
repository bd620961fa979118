import { createSocket } from "node:dgram";
import { once } from "node:events";

export interface Report {
  /** As performance.now() counts. */
  readonly atMs: number;
  /** UDP payload. */
  readonly bytes: number;
  /** The JSON in it. */
  readonly jsonBytes: number;
}

export interface Acker extends AsyncDisposable {
  readonly port: number;
  /** All telemetry of one access token, oldest first. */
  reports(token: string): readonly Report[];
  /** Resolves with the next report of it. Rejects after `limitMs`. */
  next(token: string, limitMs: number): Promise<Report>;
}

const POST = 0x02;
const PAYLOAD_MARKER = 0xff;

/**
 * The server of the benchmark: answers at once and does nothing else, so that both contenders pay for themselves only. A POST
 * is 2.01, a GET 2.05 with {}, both piggybacked, as ThingsBoard answers a device that it knows.
 */
export async function startAcker(tokens: readonly string[], port = 0): Promise<Acker> {
  const seen = new Map<string, Report[]>(tokens.map((token) => [token, []]));
  const waiting = new Map<string, (report: Report) => void>();
  const socket = createSocket("udp4");
  socket.on("message", (datagram, peer) => {
    const [first = 0, code] = datagram;
    if (first >> 4 !== 0b0100) return; // only what is confirmable asks for an answer
    const head = 4 + (first & 0x0f); // message ID and token
    const answer = Buffer.from(datagram.subarray(0, head));
    answer[0] = 0x60 | (first & 0x0f);
    answer[1] = code === POST ? 0x41 : 0x45;
    const body = code === POST ? Buffer.alloc(0) : Buffer.from("\xff{}", "latin1");
    socket.send(Buffer.concat([answer, body]), peer.port, peer.address);

    const path = datagram.indexOf("telemetry");
    const token = tokens.find((candidate) => datagram.includes(candidate));
    if (path < 0 || token === undefined) return;
    const jsonBytes = datagram.length - datagram.indexOf(PAYLOAD_MARKER, path) - 1;
    const report = { atMs: performance.now(), bytes: datagram.length, jsonBytes };
    seen.get(token)?.push(report);
    waiting.get(token)?.(report);
    waiting.delete(token);
  });
  socket.bind(port, "127.0.0.1");
  await once(socket, "listening");
  return {
    port: socket.address().port,
    reports: (token) => seen.get(token) ?? [],
    next: (token, limitMs) =>
      new Promise((resolve, reject) => {
        const limit = setTimeout(
          () => reject(new Error(`no report of ${token} in ${limitMs / 1000} s`)),
          limitMs,
        );
        waiting.set(token, (report) => {
          clearTimeout(limit);
          resolve(report);
        });
      }),
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, "close");
    },
  };
}
