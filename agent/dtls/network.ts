import { createHash } from "node:crypto";
import type {
  ChannelEvents,
  Clock,
  DatagramChannel,
  Logger,
  Network,
  OwnCertificate,
  SocketAddress,
} from "../ports.ts";
import { openChannel } from "./channel.ts";
import { type Context, createContext } from "./context.ts";
import { type OpenSsl, openSsl } from "./openssl.ts";
import { createSessions, type SessionStore, type Sessions } from "./sessions.ts";

/** What `[server]` says of a coaps:// server. */
export interface DtlsSettings {
  /** Whom the certificate must name: a name, or an IP literal. */
  readonly serverName: string;
  /** PEM: who may vouch for the server, and nobody else. */
  readonly anchors: string;
  /** False, by the operator's own choice: whoever answers is believed. */
  readonly verify: boolean;
  /** SHA-256 of the server's certificate (DER), in lower case, demanded besides; null: any that is vouched for. */
  readonly pin: string | null;
  /** Of this board; null: it is known by its token. */
  readonly own: OwnCertificate | null;
}

export interface DtlsNetworkDeps {
  readonly udp: Network;
  readonly clock: Clock;
  /** Something has set the wall clock: certificates are judged by it. */
  readonly isClockSet: () => boolean;
  readonly settings: DtlsSettings;
  /** Where a session outlives the process; default: it does not. */
  readonly sessionStore?: SessionStore | null;
  readonly log: Logger;
}

export interface DtlsStats {
  handshakes: number;
  resumed: number;
  /** Datagrams that were no whole records, and records that were forged or had come before. */
  implausible: number;
  ignored: number;
}

export interface DtlsNetwork extends Network, Disposable {
  stats(): Readonly<DtlsStats>;
}

/** The settings by which a server was believed, in a few digits. */
const bindingOf = ({ serverName, anchors, verify, pin }: DtlsSettings): string =>
  createHash("sha256")
    .update(JSON.stringify([serverName, anchors, verify, pin]))
    .digest("hex");

/** What every channel of a network has in common. */
export interface Shared extends DtlsNetworkDeps {
  readonly ssl: OpenSsl;
  readonly context: Context;
  readonly sessions: Sessions;
  readonly stats: DtlsStats;
  /** Ends of the channels whose handshake is under way. */
  readonly opening: Set<() => void>;
}

/**
 * DTLS 1.2 (RFC 6347) over another network, by the OpenSSL inside of Node. `connect` resolves once the server has shown who it
 * is, and rejects with AgentError `transient` where it has not: before that nothing of ours is sent.
 * @throws AgentError `config`: this runtime cannot do it, or a certificate of the settings does not work
 */
export function createDtlsNetwork(deps: DtlsNetworkDeps): DtlsNetwork {
  const { anchors, verify, own } = deps.settings;
  const ssl = openSsl();
  const context = createContext(ssl, { role: "connect", anchors, verify, own });
  const { clock, sessionStore: store = null } = deps;
  const sessions = createSessions({ ssl, clock, binding: bindingOf(deps.settings), store });
  const stats: DtlsStats = { handshakes: 0, resumed: 0, implausible: 0, ignored: 0 };
  const opening: Shared["opening"] = new Set();
  const shared: Shared = { ...deps, ssl, context, sessions, stats, opening };
  return {
    resolve: (host) => deps.udp.resolve(host),
    connect: (address: SocketAddress, events: ChannelEvents): Promise<DatagramChannel> =>
      openChannel(shared, address, events),
    forget: sessions.forgetAll,
    stats: () => ({ ...stats }),
    [Symbol.dispose]() {
      for (const giveUp of opening) giveUp();
      sessions[Symbol.dispose]();
      context[Symbol.dispose]();
    },
  };
}
