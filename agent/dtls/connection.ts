import type { X509Certificate } from "node:crypto";
import { textAt } from "../platform/ffi.ts";
import { readOut, retryingBio } from "./bios.ts";
import type { Context } from "./context.ts";
import { expectName } from "./expected-name.ts";
import { NULL, type OpenSsl, takeReason } from "./openssl.ts";
import { peerCertificate } from "./peer-certificate.ts";
import { datagramsOf, isPlausible } from "./records.ts";

export interface ConnectionSettings {
  readonly role: "connect" | "accept";
  /** Whom the certificate must name: a name, or an IP literal. Null: anybody, on the accepting side or where nobody is verified. */
  readonly serverName: string | null;
  readonly mtuBytes: number;
  /** A session to take up again, by its handle, which stays the caller's; null: a full handshake. */
  readonly session: bigint | null;
}

/** `secure`: the handshake is done, and the peer verified as far as the context says. `closed`: the peer has said goodbye. */
export type Progress = "handshaking" | "secure" | "closed";

/** What OpenSSL makes of the datagrams of one peer: it has neither socket nor clock. */
export interface Connection extends Disposable {
  readonly progress: Progress;
  readonly counters: { readonly implausible: number; readonly ignored: number };
  /** The first flight. @throws DtlsFailure */
  begin(): void;
  /** One datagram of the peer; what it said goes to `received`. @throws DtlsFailure */
  take(datagram: Uint8Array): void;
  /** One datagram to the peer. @throws DtlsFailure, Error before the handshake is done */
  send(plaintext: Uint8Array): void;
  /** Milliseconds until `timedOut` is due; null: nothing waits for an answer. */
  timeoutMs(): number | null;
  /** Sends the last flight again. @throws DtlsFailure */
  timedOut(): void;
  setMtu(bytes: number): void;
  /** What the peer sent, whether or not it was believed; null: nothing yet. */
  certificate(): X509Certificate | null;
  readonly suite: string;
  readonly isResumed: boolean;
  /** A handle of the session for later; the caller owns it: SSL_SESSION_free. */
  session(): bigint;
  /** Disposes of it without a word to the peer. */
  forget(): void;
}

/** OpenSSL gives the connection up. */
export class DtlsFailure extends Error {
  /** X509_V_ERR_… of the peer's certificate (openssl/x509_vfy.h); 0: that is not the reason. */
  readonly verdict: number;
  constructor(reason: string, verdict: number) {
    super(reason);
    this.name = "DtlsFailure";
    this.verdict = verdict;
  }
}

export interface ConnectionEvents {
  transmit(datagram: Uint8Array): void;
  received(plaintext: Uint8Array): void;
}

const SSL_OP_NO_QUERY_MTU = 0x1000n;
/** A certificate that is shown later would be looked at by nobody. */
const SSL_OP_NO_RENEGOTIATION = 0x4000_0000n;
const SSL_CTRL_SET_MTU = 17;
const DTLS_CTRL_GET_TIMEOUT = 73;
const DTLS_CTRL_HANDLE_TIMEOUT = 74;
const SSL_ERROR_WANT_READ = 2;
const SSL_ERROR_WANT_WRITE = 3;
const SSL_ERROR_ZERO_RETURN = 6;
/** Its timer is due when OpenSSL's own clock says so too, which counts microseconds. */
const TIMER_SLACK_MS = 2;

/** Of one record; whoever gets a part of it gets a copy. */
const plaintext = Buffer.allocUnsafeSlow(16_384);

/** @throws Error for a name that nobody can have, a context that was released, or where OpenSSL has no memory */
export function createConnection(
  ssl: OpenSsl,
  context: Context,
  settings: ConnectionSettings,
  events: ConnectionEvents,
): Connection {
  const counters = { implausible: 0, ignored: 0 };
  let progress: Progress = "handshaking";
  /** Never 0 when it reaches OpenSSL: that would be a crash, not an error. */
  let handle = ssl.SSL_new(context.handle);
  if (handle === NULL) throw new Error(`no DTLS connection: ${takeReason(ssl)}`);
  const [incoming, outgoing] = [retryingBio(ssl), retryingBio(ssl)];
  ssl.SSL_set_bio(handle, incoming, outgoing); // they are its own from here on
  let { mtuBytes } = settings;
  try {
    prepare();
  } catch (error) {
    ssl.SSL_free(handle);
    throw error;
  }

  const live = (): bigint => {
    if (handle === NULL) throw new Error("the DTLS connection was released");
    return handle;
  };

  const flush = () => {
    if (handle === NULL) return;
    for (const datagram of datagramsOf(readOut(ssl, outgoing), mtuBytes)) events.transmit(datagram);
  };

  const isWaiting = (error: number) =>
    error === SSL_ERROR_WANT_READ || error === SSL_ERROR_WANT_WRITE;
  const failure = () => {
    const verdict = Number(ssl.SSL_get_verify_result(live()));
    // After an error of its own OpenSSL does not want to say goodbye.
    progress = "closed";
    return new DtlsFailure(takeReason(ssl), verdict);
  };

  const shakeHands = () => {
    ssl.ERR_clear_error();
    const result = ssl.SSL_do_handshake(live());
    const error = result === 1 ? 0 : ssl.SSL_get_error(live(), result);
    flush();
    if (isWaiting(error)) return;
    if (error !== 0) throw failure();
    progress = "secure";
  };

  /** How many messages there were. */
  const readAll = (): number => {
    for (let count = 0; ; count++) {
      // Whoever was told may have disposed of this.
      if (handle === NULL || progress !== "secure") return count;
      ssl.ERR_clear_error();
      const size = ssl.SSL_read(handle, plaintext, plaintext.length);
      if (size > 0) {
        events.received(Uint8Array.from(plaintext.subarray(0, size)));
        continue;
      }
      const error = ssl.SSL_get_error(handle, size);
      flush();
      if (isWaiting(error)) return count;
      if (error !== SSL_ERROR_ZERO_RETURN) throw failure();
      progress = "closed";
    }
  };

  return {
    get progress() {
      return progress;
    },
    counters,
    begin: shakeHands,
    take(datagram) {
      if (!isPlausible(datagram, progress === "secure")) {
        counters.implausible++;
        return;
      }
      live();
      ssl.BIO_write(incoming, datagram, datagram.length);
      const wasSecure = progress === "secure";
      if (!wasSecure) shakeHands();
      if (readAll() === 0 && wasSecure) counters.ignored++;
    },
    send(plaintext) {
      if (progress !== "secure") throw new Error("nothing is sent before the handshake is done");
      ssl.ERR_clear_error();
      const result = ssl.SSL_write(live(), plaintext, plaintext.length);
      if (result <= 0) throw failure();
      flush();
    },
    timeoutMs() {
      const timeval = Buffer.alloc(16); // struct timeval: two of 64 bits
      if (ssl.SSL_ctrl(live(), DTLS_CTRL_GET_TIMEOUT, 0n, timeval) !== 1n) return null;
      const [seconds, microseconds] = [timeval.readBigInt64LE(0), timeval.readBigInt64LE(8)];
      return Number(seconds) * 1_000 + Number(microseconds) / 1_000 + TIMER_SLACK_MS;
    },
    timedOut() {
      ssl.ERR_clear_error();
      const result = ssl.SSL_ctrl(live(), DTLS_CTRL_HANDLE_TIMEOUT, 0n, NULL);
      flush();
      if (result < 0n) throw failure();
    },
    setMtu(bytes) {
      mtuBytes = bytes;
      ssl.SSL_ctrl(live(), SSL_CTRL_SET_MTU, BigInt(bytes), NULL);
    },
    certificate: () => peerCertificate(ssl, live()),
    get suite() {
      const suite = ssl.SSL_get_current_cipher(live());
      return suite === NULL ? "none" : textAt(ssl.SSL_CIPHER_get_name(suite));
    },
    get isResumed() {
      return ssl.SSL_session_reused(live()) === 1;
    },
    session: () => ssl.SSL_get1_session(live()),
    forget: release,
    [Symbol.dispose]() {
      if (handle === NULL) return;
      if (progress === "secure") {
        ssl.ERR_clear_error();
        ssl.SSL_shutdown(handle); // close_notify
        flush();
      }
      release();
    },
  };

  function release() {
    if (handle === NULL) return;
    progress = "closed";
    ssl.SSL_free(handle);
    handle = NULL;
  }

  function prepare() {
    const { role, serverName, session } = settings;
    ssl.SSL_set_options(handle, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION);
    ssl.SSL_ctrl(handle, SSL_CTRL_SET_MTU, BigInt(settings.mtuBytes), NULL);
    if (serverName !== null) expectName(ssl, handle, serverName);
    if (session !== null) ssl.SSL_set_session(handle, session);
    if (role === "connect") ssl.SSL_set_connect_state(handle);
    else ssl.SSL_set_accept_state(handle);
  }
}
