import { type Connection, createConnection, DtlsFailure } from "../dtls/connection.ts";
import { type Context, createContext } from "../dtls/context.ts";
import { makeCertificate } from "../dtls/make-certificate.ts";
import { openSsl } from "../dtls/openssl.ts";
import { isPlausible } from "../dtls/records.ts";
import type { OwnCertificate } from "../ports.ts";
import { type Link, type LinkDeps, openLink } from "./link.ts";
import type { Peer } from "./peer.ts";

export interface SecureLink extends Link {
  /** PEM, of the authority made for this run. */
  readonly authority: string;
  /** A restart: sessions are gone, and no client is told. */
  forget(): void;
}

export interface SecureLinkDeps extends LinkDeps {
  /** A full handshake has ended; with the client's certificate, base64 of its DER, if it has shown one. */
  shookHands(peer: Peer, certificate: string | null): void;
}

interface Client {
  readonly connection: Connection;
  isWelcome: boolean;
  timer: Disposable | null;
}

const DAY_MS = 86_400_000;
/** As ThingsBoard's. */
const MTU_BYTES = 1_024;
const MOST_CLIENTS = 1_000;

/** Type "handshake", epoch 0, and then "ClientHello": whoever was here before begins anew (RFC 6347 §4.2.8). */
const isHello = (datagram: Uint8Array) =>
  datagram[0] === 22 && datagram[3] === 0 && datagram[4] === 0 && datagram[13] === 1;

/**
 * The link behind DTLS 1.2, as ThingsBoard has it but without its round of cookies. Faults strike the datagrams of DTLS, as on
 * a real line. Rejects as `openLink` does, and with AgentError `config` where this Node has no DTLS.
 */
export async function openSecureLink(
  deps: SecureLinkDeps,
  names: readonly string[],
): Promise<SecureLink> {
  const { clock, counters } = deps;
  const ssl = openSsl();
  const { own, authority } = certificatesFor([...new Set([...names, deps.host])]);
  const newContext = (): Context =>
    createContext(ssl, { role: "accept", anchors: "", verify: false, own });
  let context = newContext();
  const clients = new Map<string, Client>();

  /** Without a word: whoever is behind that address may be another by now. */
  const drop = (key: string) => {
    const client = clients.get(key);
    client?.timer?.[Symbol.dispose]();
    client?.connection.forget();
    clients.delete(key);
  };
  const dropAll = () => {
    for (const key of [...clients.keys()]) drop(key);
  };

  const step = (peer: Peer, client: Client, work: () => void) => {
    if (clients.get(peer.key) !== client) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof DtlsFailure)) throw error;
      counters.dtlsFailures++;
      return drop(peer.key);
    }
    if (clients.get(peer.key) !== client) return;
    if (client.connection.progress === "closed") return drop(peer.key);
    if (client.connection.progress === "secure" && !client.isWelcome) {
      client.isWelcome = true;
      if (!letIn(peer, client.connection)) return drop(peer.key);
    }
    client.timer?.[Symbol.dispose]();
    const ms = client.connection.timeoutMs();
    client.timer =
      ms === null
        ? null
        : clock.after(ms, () => step(peer, client, () => client.connection.timedOut()));
  };

  /** False: its certificate is not valid now. Sessions that are taken up again tell nothing new. */
  const letIn = (peer: Peer, connection: Connection): boolean => {
    if (connection.isResumed) return true;
    const certificate = connection.certificate();
    const now = clock.now();
    if (
      certificate !== null &&
      (certificate.validToDate.getTime() < now || certificate.validFromDate.getTime() > now)
    ) {
      counters.dtlsFailures++;
      connection[Symbol.dispose]();
      return false;
    }
    deps.shookHands(peer, certificate?.raw.toString("base64") ?? null);
    return true;
  };

  const welcome = (peer: Peer): Client => {
    drop(peer.key);
    const [oldest] = clients.keys();
    if (clients.size >= MOST_CLIENTS && oldest !== undefined) drop(oldest);
    const settings = {
      role: "accept",
      serverName: null,
      mtuBytes: MTU_BYTES,
      session: null,
    } as const;
    const connection = createConnection(ssl, context, settings, {
      transmit: (datagram) => link.send(datagram, peer),
      received: (plaintext) => deps.received(plaintext, peer),
    });
    const client: Client = { connection, isWelcome: false, timer: null };
    clients.set(peer.key, client);
    return client;
  };

  const link = await openLink({
    ...deps,
    received(datagram, peer) {
      if (!isPlausible(datagram, false)) return;
      const known = clients.get(peer.key);
      const isAnew =
        known === undefined || (known.connection.progress === "secure" && isHello(datagram));
      if (isAnew && !isHello(datagram)) return; // of a session before the restart
      const client = isAnew ? welcome(peer) : known;
      step(peer, client, () => client.connection.take(datagram));
    },
    lost: () => undefined,
  }).catch((error: unknown) => {
    context[Symbol.dispose]();
    throw error;
  });

  return {
    port: link.port,
    authority,
    send(plaintext, peer) {
      const client = clients.get(peer.key);
      if (client?.connection.progress !== "secure") return;
      step(peer, client, () => client.connection.send(plaintext));
    },
    forget() {
      dropAll();
      context[Symbol.dispose]();
      context = newContext();
    },
    async close() {
      dropAll();
      context[Symbol.dispose]();
      await link.close();
    },
  };
}

/** Throw-away: they die with the process. */
function certificatesFor(names: readonly string[]): { own: OwnCertificate; authority: string } {
  const nowMs = Date.now();
  // A client's clock may be a little behind.
  const validity = { notBeforeMs: nowMs - DAY_MS, notAfterMs: nowMs + 30 * DAY_MS };
  const authority = makeCertificate({
    ...validity,
    commonName: "Pipit sandbox",
    names: [],
    isAuthority: true,
    issuer: null,
  });
  const [commonName = "localhost"] = names;
  const own = makeCertificate({
    ...validity,
    commonName,
    names,
    isAuthority: false,
    issuer: authority,
  });
  return { own, authority: authority.certificate };
}
