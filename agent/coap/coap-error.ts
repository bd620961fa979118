import { AgentError, type AgentErrorOptions, type ErrorKind } from "../errors.ts";

/** How a request can end without a response. */
export type CoapFailure =
  | "timeout" // the deadline passed
  | "reset" // the peer answered RST
  | "unreachable" // ICMP, or the system could not send
  | "resolve" // DNS
  | "handshake" // DTLS
  | "rejected" // the answer, or the request, breaks the protocol
  | "too large" // the answer is over the limit, or the request over the server's (4.13)
  | "cancelled"; // the caller, or shutdown

/** What a time-out waited for: its turn, the acknowledgement, or the response. */
export type CoapPhase = "queue" | "ack" | "response";

export interface CoapErrorOptions extends AgentErrorOptions {
  readonly phase?: CoapPhase;
  /** What the peer says it takes (Size1 of a 4.13), in bytes. */
  readonly limitBytes?: number;
  /** The system's error name: "ECONNREFUSED". */
  readonly errno?: string;
}

const kindOfFailure = (failure: CoapFailure): ErrorKind =>
  failure === "rejected" || failure === "too large" ? "rejected" : "transient";

export class CoapError extends AgentError {
  readonly failure: CoapFailure;
  readonly phase: CoapPhase | undefined;
  readonly limitBytes: number | undefined;
  readonly errno: string | undefined;

  constructor(failure: CoapFailure, message: string, options: CoapErrorOptions = {}) {
    super(kindOfFailure(failure), message, options);
    this.name = "CoapError";
    this.failure = failure;
    this.phase = options.phase;
    this.limitBytes = options.limitBytes;
    this.errno = options.errno;
  }
}

export const cancelled = (what: string, cause?: unknown): CoapError =>
  new CoapError("cancelled", `${what} was cancelled`, { cause });
