import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type IncomingMessage, ObserveWriteStream, type OutgoingMessage } from "coap";

export interface NpmCoapServer extends AsyncDisposable {
  readonly port: number;
  /** Writes one notification to every observer. */
  notify(text: string): void;
  /** Observers that registered since the start. */
  readonly registrations: number;
  /** Every POST to /telemetry that was processed, in order. */
  readonly telemetry: readonly string[];
}

const large = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, index) => index % 251));
/** What `GET /large` serves. */
export const largeBody: Uint8Array = large;

/** The server of npm `coap`, with the resources of the interoperation tests. */
export async function startNpmCoapServer(port = 0): Promise<NpmCoapServer> {
  const socket = createSocket("udp4");
  socket.bind(port, "127.0.0.1");
  await once(socket, "listening");
  const observers: ObserveWriteStream[] = [];
  const telemetry: string[] = [];
  let stored: Buffer = Buffer.alloc(0);

  const answer = (request: IncomingMessage, response: OutgoingMessage) => {
    const reply = (code: string, payload?: Buffer | string) => {
      response.code = code;
      response.end(payload);
    };
    switch (`${request.method} ${request.url}`) {
      case "GET /hello":
        return reply("2.05", "hello");
      case "POST /echo":
        return reply("2.01", request.payload);
      case "PUT /store":
        stored = request.payload;
        return reply("2.04");
      case "GET /store":
        return reply("2.05", stored);
      case "GET /large":
        return reply("2.05", large);
      // Beyond the 50 ms that it waits before an empty ACK: a separate answer.
      case "GET /slow":
        return void setTimeout(reply, 150, "2.05", "slow");
      case "POST /telemetry":
        telemetry.push(request.payload.toString());
        return reply("2.01");
      default:
        return reply("4.04");
    }
  };

  const server = createServer((request, response) => {
    if (request.headers["Observe"] !== 0) return answer(request, response);
    // Its types do not say that this is what an observing request gets.
    if (!(response instanceof ObserveWriteStream)) throw new Error("not a stream");
    observers.push(response);
    response.write("initial");
  });
  server.listen(socket);

  return {
    port: socket.address().port,
    notify: (text) => {
      for (const observer of observers) observer.write(text);
    },
    get registrations() {
      return observers.length;
    },
    telemetry,
    async [Symbol.asyncDispose]() {
      server.close();
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}
