/** A CoAP client as the core sees it; coap/ implements it over the Network port. */

import type { OwnCertificate } from "./network.ts";

export type CoapMethod = "GET" | "POST" | "PUT" | "DELETE";

export interface CoapRequest {
  readonly method: CoapMethod;
  /** Uri-Path segments, not escaped: ["api", "v1", token, "telemetry"]. */
  readonly path: readonly string[];
  /** Uri-Query options, not escaped: ["sharedKeys=a,b"]. */
  readonly query?: readonly string[];
  readonly payload?: Uint8Array;
  /** CoAP Content-Format number of the payload; 50 is JSON. */
  readonly contentFormat?: number;
  /** Default true. */
  readonly confirmable?: boolean;
  /** From the first transmission to the answer; default 30 s, at most 93 s. */
  readonly deadlineMs?: number;
  /**
   * Sent on a connection that has shown this certificate and no other; default: one that has shown none. AgentError `refused`
   * where the way to the server is not encrypted.
   */
  readonly own?: OwnCertificate | null;
  /** Goes ahead of waiting requests; it is not a second one in flight. */
  readonly urgent?: boolean;
}

export interface CoapResponse {
  /** Class and detail as RFC 7252 writes them: "2.05", "4.01". */
  readonly code: string;
  readonly payload: Uint8Array;
  readonly contentFormat?: number;
  /** Seconds, where the server says so (RFC 7252 §5.10.5). */
  readonly maxAge?: number;
}

/** What an observation tells (RFC 7641). The iteration goes on until its signal aborts. */
export type Observation =
  /** A registration succeeded: the answer is the current state. Also after every re-registration. */
  | { readonly kind: "registered"; readonly response: CoapResponse }
  /** `gap`: notifications before this one were lost or overtaken; read the whole state again. */
  | { readonly kind: "notification"; readonly response: CoapResponse; readonly gap: boolean }
  /** 2.02 on the current token: another client observes in our place. Registers again by itself. */
  | { readonly kind: "displaced" }
  /** Not observed now; registers again with back-off. `code` when the server said why ("4.01"). */
  | { readonly kind: "lost"; readonly code?: string; readonly error?: Error };

export interface Transport extends AsyncDisposable {
  /**
   * Settles exactly once: any response, 4.xx and 5.xx included, or a CoapError.
   * @throws CoapError `timeout`, `reset`, `unreachable`, `resolve`, `rejected`, `too large`, `cancelled`
   */
  request(request: CoapRequest, signal: AbortSignal): Promise<CoapResponse>;
  observe(path: readonly string[], signal: AbortSignal): AsyncIterable<Observation>;
  /** CoAP ping (RFC 7252 §4.3): resolves to the round trip in milliseconds. */
  ping(signal: AbortSignal): Promise<number>;
}
