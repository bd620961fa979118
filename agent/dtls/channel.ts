import { isWorthLogging } from "../backoff.ts";
import { AgentError } from "../errors.ts";
import { textAt } from "../platform/ffi.ts";
import type { ChannelEvents, DatagramChannel, SocketAddress } from "../ports.ts";
import { type Connection, createConnection, DtlsFailure } from "./connection.ts";
import { handshakeRefused, noHandshake } from "./handshake-failure.ts";
import type { Shared } from "./network.ts";
import { certificateRefused, fingerprint, isNamedByOldField, pinRefused } from "./refusal.ts";

/** In all, for OpenSSL's transmissions after 0, 1, 3, 7 and 15 seconds; less than whoever asked waits for it. */
const HANDSHAKE_MS = 28_000;
/** As ThingsBoard's; then what gets through everywhere. */
const MTU_BYTES = 1_024;
const SMALL_MTU_BYTES = 512;
/** Without an answer, before a flight is cut smaller. */
const SILENT_FLIGHTS = 2;

/** Lost datagrams, as far as a handshake is concerned: its timer decides. */
const LOST = new Set(["ENOBUFS", "EAGAIN", "ENOMEM"]);

/** A socket, the handshake on it, and then whoever uses it: one ending for all of them. */
export async function openChannel(
  shared: Shared,
  address: SocketAddress,
  events: ChannelEvents,
): Promise<DatagramChannel> {
  const { udp, clock, ssl, context, sessions, settings, stats, opening, log } = shared;
  const key = `${address.host} ${address.port}`;
  const peer =
    settings.serverName === address.host
      ? `${address.host}:${address.port}`
      : `${settings.serverName}:${address.port} (${address.host})`;
  const opened = Promise.withResolvers<DatagramChannel>();
  // Who asked is told, if only by what this function throws itself.
  opened.promise.catch(() => undefined);
  const startedMs = clock.monotonic();
  let state: "opening" | "open" | "over" = "opening";
  let connection: Connection | null = null;
  let timer: Disposable | null = null;
  let [heard, refusals, flights] = [0, 0, 0];

  const socket = await udp.connect(address, {
    received(datagram) {
      heard++;
      step((live) => live.take(datagram));
    },
    failed(code) {
      if (state === "open") events.failed(code);
      else if (state === "opening") failedWhileOpening(code);
    },
    closed: (code) => end(Object.assign(new Error(code), { code }), code),
  });

  /** One thing after the other, each with the same consequences. */
  const step = (work: (live: Connection) => void) => {
    const live = connection;
    if (live === null) return;
    try {
      work(live);
      if (state === "opening" && live.progress === "secure") welcome(live);
    } catch (error) {
      if (error instanceof DtlsFailure || error instanceof AgentError) {
        // The server did answer: what was taken up may be what does not work.
        if (state === "opening") sessions.forget(key);
        return end(explained(error, live), reasonOf(error));
      }
      // A fault of ours, or of whoever was told: loud, as it is over UDP.
      end(error, reasonOf(error));
      throw error;
    }
    // Whoever was told something may have closed the channel.
    if (connection === null) return;
    if (live.progress === "closed") {
      const goodbye = new DtlsFailure("the server closed the session (close_notify)", 0);
      return end(explained(goodbye, live), "close_notify");
    }
    arm(live);
  };

  const arm = (live: Connection) => {
    timer?.[Symbol.dispose]();
    timer = null;
    const ms = live.timeoutMs();
    if (ms === null) return;
    timer = clock.after(ms, () => {
      flights++;
      if (flights === SILENT_FLIGHTS && heard === 0) live.setMtu(SMALL_MTU_BYTES);
      step(() => live.timedOut());
    });
  };

  const failedWhileOpening = (code: string) => {
    if (code === "EMSGSIZE") return connection?.setMtu(SMALL_MTU_BYTES);
    // Anybody can forge what says "refused": two of them are believed.
    if (LOST.has(code) || (code === "ECONNREFUSED" && ++refusals < 2)) return;
    end(Object.assign(new Error(code), { code }), code);
  };

  /** The handshake is done, and the certificate is vouched for; the rest is ours to check. */
  const welcome = (live: Connection) => {
    const certificate = live.certificate();
    if (certificate === null) throw new DtlsFailure("the server has shown no certificate", 0);
    const { pin, own, verify, serverName } = settings;
    if (pin !== null && fingerprint(certificate) !== pin)
      throw pinRefused({ peer, serverName, certificate, clock: clockNow() }, pin);
    if (verify && isNamedByOldField(certificate, serverName))
      log.warn("the server's certificate has its name in CN only, which is going out of use", {
        peer,
        hint: `make it anew with subjectAltName=DNS:${serverName}`,
      });
    // ThingsBoard knows a board of a certificate by its full handshake only.
    if (own === null) sessions.keep(key, live.session(), certificate.validToDate.getTime());
    state = "open";
    opening.delete(giveUp);
    deadline[Symbol.dispose]();
    stats.handshakes++;
    if (live.isResumed) stats.resumed++;
    log.debug("DTLS session", {
      peer,
      suite: live.suite,
      resumed: live.isResumed,
      ms: Math.round(clock.monotonic() - startedMs),
    });
    opened.resolve(channel);
  };

  const channel: DatagramChannel = {
    get isResumed() {
      return connection?.isResumed ?? false;
    },
    isIdentified: settings.own !== null,
    send(datagram) {
      if (state !== "open") return;
      try {
        connection?.send(datagram);
      } catch (error) {
        // Never from within send(): the caller may be in the middle of its own bookkeeping.
        queueMicrotask(() => end(error, reasonOf(error)));
      }
    },
    [Symbol.dispose]: () => over(),
  };

  const over = () => {
    if (state === "over") return;
    state = "over";
    opening.delete(giveUp);
    timer?.[Symbol.dispose]();
    deadline[Symbol.dispose]();
    if (connection) {
      count(connection);
      connection[Symbol.dispose]();
    }
    connection = null;
    socket[Symbol.dispose]();
  };

  const count = ({ counters: { implausible, ignored } }: Connection) => {
    stats.implausible += implausible;
    stats.ignored += ignored;
    const all = implausible + ignored;
    if (all > 0 && isWorthLogging(stats.implausible + stats.ignored))
      log.info("datagrams were ignored: cut, forged, or repeated", { peer, count: all });
  };

  const end = (error: unknown, code: string) => {
    if (state === "over") return;
    const wasOpen = state === "open";
    over();
    if (wasOpen) return events.closed(code);
    opened.reject(error);
  };

  /** The network is disposed of: its settings count no more. */
  const giveUp = () => end(new Error("the network was closed during the handshake"), "closed");

  const clockNow = () => ({ nowMs: clock.now(), isTrusted: shared.isClockSet() });

  const explained = (error: unknown, live: Connection): unknown => {
    if (!(error instanceof DtlsFailure)) return error;
    const { verdict, message } = error;
    const certificate = verdict === 0 || !settings.verify ? null : live.certificate();
    if (certificate === null) return handshakeRefused(peer, message);
    const { serverName } = settings;
    const refused = { peer, serverName, certificate, clock: clockNow() };
    const text = textAt(ssl.X509_verify_cert_error_string(BigInt(verdict)));
    return certificateRefused(refused, verdict, text);
  };

  const deadline = clock.after(HANDSHAKE_MS, () => {
    const { implausible = 0 } = connection?.counters ?? {};
    const silence = { peer, afterMs: HANDSHAKE_MS, heard, implausible };
    end(noHandshake(silence), "no handshake");
  });

  opening.add(giveUp);
  try {
    connection = createConnection(
      ssl,
      context,
      {
        role: "connect",
        serverName: settings.serverName,
        mtuBytes: MTU_BYTES,
        session: settings.own === null ? sessions.find(key) : null,
      },
      {
        transmit: (datagram) => socket.send(datagram),
        // What comes with the end of the handshake was sent by nobody we have believed yet.
        received: (plaintext) => state === "open" && events.received(plaintext),
      },
    );
  } catch (error) {
    over();
    throw error;
  }
  step((live) => live.begin());
  return opened.promise;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : "UNKNOWN");
