import type { Clock } from "../ports.ts";
import { NO_PASSPHRASE, readOut, withMemoryBio } from "./bios.ts";
import { NULL, type OpenSsl } from "./openssl.ts";

/** A session as it outlives the process; whoever keeps it keeps a secret. */
export interface StoredSession {
  /** What it was made under: with other settings it is worth nothing. */
  readonly binding: string;
  readonly address: string;
  /** PEM. */
  readonly session: string;
  readonly notAfterMs: number;
}

export interface SessionStore {
  load(): StoredSession | null;
  /** Null: nothing is to be taken up. */
  save(stored: StoredSession | null): void;
}

/** Sessions to take up again, one for each address: that spares a round trip and the certificates. */
export interface Sessions extends Disposable {
  /** Its handle stays ours. Null: there is none, or the certificate that vouched for it is out of time. */
  find(address: string): bigint | null;
  /** Takes the handle over. */
  keep(address: string, session: bigint, notAfterMs: number): void;
  forget(address: string): void;
  forgetAll(): void;
}

export interface SessionsDeps {
  readonly ssl: OpenSsl;
  readonly clock: Pick<Clock, "now">;
  /** Names the settings: server name, anchors, pin, whether it is verified at all. */
  readonly binding: string;
  /** Null: they end with the process. */
  readonly store: SessionStore | null;
}

/** A longer one (a server certificate on RSA-4096) is not worth what it costs to store. */
const LONGEST_STORED = 3_000;

/**
 * A session that is taken up again is not verified anew: OpenSSL takes the verdict over. So sessions belong to the settings
 * they were made under, and live no longer than the server's certificate.
 */
export function createSessions({ ssl, clock, binding, store }: SessionsDeps): Sessions {
  const kept = new Map<string, { readonly session: bigint; readonly notAfterMs: number }>();
  let isOver = false;
  const release = (address: string) => {
    const known = kept.get(address);
    if (known) ssl.SSL_SESSION_free(known.session);
    kept.delete(address);
  };
  const releaseAll = () => {
    for (const address of [...kept.keys()]) release(address);
  };

  const takeUp = () => {
    const stored = store?.load() ?? null;
    if (stored?.binding !== binding) return;
    const session = withMemoryBio(ssl, stored.session, (bio) =>
      ssl.PEM_read_bio_SSL_SESSION(bio, NULL, NULL, NO_PASSPHRASE),
    );
    if (session === NULL) return;
    kept.set(stored.address, { session, notAfterMs: stored.notAfterMs });
  };
  takeUp();

  const textOf = (session: bigint): string =>
    withMemoryBio(ssl, "", (bio) => {
      ssl.PEM_write_bio_SSL_SESSION(bio, session);
      return readOut(ssl, bio).toString("ascii");
    });

  return {
    find(address) {
      const known = kept.get(address);
      if (known && clock.now() > known.notAfterMs) release(address);
      return kept.get(address)?.session ?? null;
    },
    keep(address, session, notAfterMs) {
      if (isOver) return ssl.SSL_SESSION_free(session);
      release(address);
      kept.set(address, { session, notAfterMs });
      if (store === null) return;
      const text = textOf(session);
      store.save(
        text.length > LONGEST_STORED ? null : { binding, address, session: text, notAfterMs },
      );
    },
    forget(address) {
      if (kept.has(address)) store?.save(null);
      release(address);
    },
    forgetAll() {
      if (kept.size > 0) store?.save(null);
      releaseAll();
    },
    [Symbol.dispose]() {
      isOver = true;
      releaseAll();
    },
  };
}
