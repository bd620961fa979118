import type { Clock } from "../ports.ts";
import type { OpenSsl } from "./openssl.ts";

/** Sessions to take up again, one for each address: that spares a handshake two of its four round trips and the certificates. */
export interface Sessions extends Disposable {
  /** Its handle stays ours. Null: there is none, or the certificate that vouched for it is out of time. */
  find(address: string): bigint | null;
  /** Takes the handle over. */
  keep(address: string, session: bigint, notAfterMs: number): void;
  forget(address: string): void;
  forgetAll(): void;
}

/**
 * A session that is taken up again is not verified anew: OpenSSL takes the verdict over. So sessions live with the settings
 * they were made under, and no longer than the server's certificate.
 */
export function createSessions(ssl: OpenSsl, clock: Pick<Clock, "now">): Sessions {
  const kept = new Map<string, { readonly session: bigint; readonly notAfterMs: number }>();
  const forget = (address: string) => {
    const known = kept.get(address);
    if (known) ssl.SSL_SESSION_free(known.session);
    kept.delete(address);
  };
  const forgetAll = () => {
    for (const address of [...kept.keys()]) forget(address);
  };
  return {
    find(address) {
      const known = kept.get(address);
      if (known && clock.now() > known.notAfterMs) forget(address);
      return kept.get(address)?.session ?? null;
    },
    keep(address, session, notAfterMs) {
      forget(address);
      kept.set(address, { session, notAfterMs });
    },
    forget,
    forgetAll,
    [Symbol.dispose]: forgetAll,
  };
}
