/** What binds credentials to a board. Compared only with a fingerprint of the same source. */
export interface Fingerprint {
  readonly source: "serial" | "mac" | "machine-id";
  readonly value: string;
}

export interface Credentials {
  /** The server they belong to, as `serverId` writes it. */
  readonly server: string;
  /** Null where this machine shows nothing to bind to. */
  readonly fingerprint: Fingerprint | null;
  /** Null when the server made the name. */
  readonly deviceName: string | null;
  readonly accessToken: string;
}

export interface FormerCredentials extends Credentials {
  /** Why they are not in use; `unproven`: a claim whose request may or may not have reached its server. */
  readonly reason: "server" | "board" | "revoked" | "reset" | "unproven";
}

/** All that the device knows of its own identity; one file, written as a whole. */
export interface Identity {
  /** Made and stored before the request is sent, so that a lost answer strands nobody. */
  readonly claim: Credentials | null;
  readonly active: Credentials | null;
  /** Newest first: another server's, another board's, or refused ones. Kept so that nothing is ever unrecoverable. */
  readonly kept: readonly FormerCredentials[];
}
