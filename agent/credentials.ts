/** What binds credentials to a board. Compared only with a fingerprint of the same source. */
export interface Fingerprint {
  readonly source: "serial" | "mac" | "machine-id";
  readonly value: string;
}

/** In the path of every request. */
export interface TokenLogin {
  readonly accessToken: string;
}

/** In the DTLS handshake: the requests name no device. */
export interface CertificateLogin {
  /** PEM, of the device alone. */
  readonly certificate: string;
  /** PEM (PKCS #8); null: the operator's, it stays in the file that `client_key` names. */
  readonly key: string | null;
}

/** How the device shows the server which one it is. */
export type Login = TokenLogin | CertificateLogin;

export type Credentials = Login & {
  /** The server they belong to, as `serverId` writes it. */
  readonly server: string;
  /** Null where this machine shows nothing to bind to. */
  readonly fingerprint: Fingerprint | null;
  /** Null when the server made the name. */
  readonly deviceName: string | null;
};

export type FormerCredentials = Credentials & {
  /**
   * Why they are not in use; `unproven`: a claim whose request may or may not have reached its server; `login`: the operator
   * has handed over a certificate, or has taken it back.
   */
  readonly reason: "server" | "board" | "login" | "revoked" | "reset" | "unproven";
};

/** All that the device knows of its own identity; one file, written as a whole. */
export interface Identity {
  /** Made and stored before the request is sent, so that a lost answer strands nobody. */
  readonly claim: Credentials | null;
  readonly active: Credentials | null;
  /** Newest first: another server's, another board's, or refused ones. Kept so that nothing is ever unrecoverable. */
  readonly kept: readonly FormerCredentials[];
}

export const hasToken = <T extends Login>(login: T): login is T & TokenLogin =>
  "accessToken" in login;

/** What the server knows the device by: the same for the same device, another for another. */
export const proofOf = (login: Login): string =>
  hasToken(login) ? login.accessToken : login.certificate;

/** What nobody else may ever see. Null: it is in a file of the operator's. */
export const secretOf = (login: Login): string | null =>
  hasToken(login) ? login.accessToken : login.key;
