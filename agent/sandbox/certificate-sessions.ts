import type { Device, Devices } from "./devices.ts";
import type { Peer } from "./peer.ts";

interface Session {
  /** Base64 of its DER. */
  readonly certificate: string;
  readonly device: Device | undefined;
}

const MOST_SESSIONS = 1_000;

/**
 * Which device is behind which peer. Looked up once, in a full handshake, and never again: a device that is made later, and a
 * session that is taken up again from another port, are not found. ThingsBoard compares SHA3-256 of the certificate, which
 * comes to the same.
 */
export function createCertificateSessions(devices: Devices) {
  const sessions = new Map<string, Session>();

  return {
    /** A full handshake has ended; null: without a certificate. */
    shookHands({ key }: Peer, certificate: string | null): void {
      sessions.delete(key);
      if (certificate === null) return;
      sessions.set(key, { certificate, device: devices.byCertificate(certificate) });
      const [oldest] = sessions.keys();
      if (sessions.size > MOST_SESSIONS && oldest !== undefined) sessions.delete(oldest);
    },
    deviceOf({ key }: Peer): Device | undefined {
      const { certificate, device } = sessions.get(key) ?? {};
      // Its credentials may have changed since, and it may have been deleted.
      const isStill =
        device?.credentials?.id === certificate && devices.named(device?.name ?? "") === device;
      return isStill ? device : undefined;
    },
    /** A restart. */
    forget: () => sessions.clear(),
  };
}

export type CertificateSessions = ReturnType<typeof createCertificateSessions>;
