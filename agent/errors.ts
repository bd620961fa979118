/** What the caller must do about a failure. Named by consequence, not by origin. */
export type ErrorKind =
  | "config" // no server URL, or nothing parses and no last-good: exit 78, systemd stays down
  | "transient" // network, handshake or server trouble: retry with back-off
  | "unauthorized" // 4.01 (over DTLS after one full handshake): counts towards revoked
  | "refused" // provisioning FAILURE or NOT_FOUND: wait for the operator, retry slowly
  | "rejected" // the server refuses this payload: bisect, set the culprit aside, count it
  | "sensor" // one collector failed: skip its readings, keep the others
  | "storage" // disk full or damaged: keep running from memory, warn
  | "bug"; // broken invariant: crash, systemd restarts us

/** Code of what fails only because nothing has set this machine's clock yet. */
export const CLOCK_NOT_SET = "P070";

export interface AgentErrorOptions {
  readonly cause?: unknown;
  /** The next command to run, or the screen to open. */
  readonly hint?: string;
  /** Names the error for the operator and the manual: "P021". */
  readonly code?: string;
  /** The server asks to be left alone so long. Milliseconds. */
  readonly retryAfterMs?: number;
}

export class AgentError extends Error {
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly code: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(kind: ErrorKind, message: string, options: AgentErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "AgentError";
    this.kind = kind;
    this.hint = options.hint;
    this.code = options.code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Anything we did not name ourselves is a bug, so it is loud. */
export const kindOf = (error: unknown): ErrorKind =>
  error instanceof AgentError ? error.kind : "bug";

/** Wherever it is noticed: only DTLS shows certificates. */
export const noCertificates = () =>
  new AgentError("refused", "this device is to log in with a certificate, and coap:// has none", {
    code: "P033",
    hint: 'In [server] url write coaps://; or remove client_cert, or credentials_type = "x509", to log in with a token',
  });
