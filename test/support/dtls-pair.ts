import { type Connection, createConnection } from "../../agent/dtls/connection.ts";
import { type Context, createContext } from "../../agent/dtls/context.ts";
import { openSsl } from "../../agent/dtls/openssl.ts";
import type { OwnCertificate } from "../../agent/ports.ts";

export interface PairEnd {
  readonly connection: Connection;
  /** Datagrams on their way to the other end; whoever takes them out may lose or change them. */
  readonly sent: Uint8Array[];
  /** Texts that arrived. */
  readonly heard: string[];
}

export interface Contexts extends Disposable {
  readonly client: Context;
  readonly server: Context;
}

export function dtlsContexts(own: OwnCertificate, anchors: string): Contexts {
  const ssl = openSsl();
  const client = createContext(ssl, { role: "connect", anchors, verify: true, own: null });
  const server = createContext(ssl, { role: "accept", anchors: "", verify: false, own });
  return {
    client,
    server,
    [Symbol.dispose]() {
      client[Symbol.dispose]();
      server[Symbol.dispose]();
    },
  };
}

/** Both ends of a connection, without a network and without a clock between them. */
export function dtlsPair(contexts: Contexts, session: bigint | null = null) {
  const end = (role: "connect" | "accept"): PairEnd => {
    const [sent, heard]: [Uint8Array[], string[]] = [[], []];
    const serverName = role === "connect" ? "localhost" : null;
    const settings = {
      role,
      serverName,
      mtuBytes: 1_024,
      session: role === "connect" ? session : null,
    };
    const context = role === "connect" ? contexts.client : contexts.server;
    const connection = createConnection(openSsl(), context, settings, {
      transmit: (datagram) => void sent.push(Uint8Array.from(datagram)),
      received: (plaintext) => void heard.push(new TextDecoder().decode(plaintext)),
    });
    return { connection, sent, heard };
  };
  const [client, server] = [end("connect"), end("accept")];
  const pair = {
    client,
    server,
    /** Carries what was sent until nobody says anything more. */
    carry() {
      while (client.sent.length + server.sent.length > 0) {
        for (const datagram of client.sent.splice(0)) server.connection.take(datagram);
        for (const datagram of server.sent.splice(0)) client.connection.take(datagram);
      }
    },
    shakeHands() {
      client.connection.begin();
      pair.carry();
    },
    say(from: PairEnd, text: string) {
      from.connection.send(new TextEncoder().encode(text));
    },
    [Symbol.dispose]() {
      client.connection[Symbol.dispose]();
      server.connection[Symbol.dispose]();
    },
  };
  return pair;
}
