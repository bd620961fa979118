import { CoapError } from "../coap/coap-error.ts";
import { AgentError } from "../errors.ts";
import type { CoapResponse } from "../ports.ts";

/** RFC 7252 §5.10.5: where the option is absent. */
const DEFAULT_MAX_AGE = 60;
/** Nobody's word keeps a device away for longer. */
const LONGEST_S = 3_600;

/**
 * What a response that is not 2.xx asks of the caller; null for 2.xx.
 * ThingsBoard's device API has no 4.29, 4.03 or 5.03: limits and server faults are both 5.00 without a payload. What stands before
 * it may have them.
 */
export function errorOf({ code, maxAge }: CoapResponse): AgentError | null {
  if (code.startsWith("2.")) return null;
  // RFC 8516 §3, RFC 7252 §5.9.3.4: Max-Age says when to try again.
  if (code === "4.29" || (code === "5.03" && maxAge !== undefined)) {
    const seconds = Math.min(maxAge ?? DEFAULT_MAX_AGE, LONGEST_S);
    const what = code === "4.29" ? "limits the rate" : "is not available";
    return new AgentError("transient", `the server ${what} (${code}, again in ${seconds} s)`, {
      code: SERVER_FAULT,
      retryAfterMs: seconds * 1_000,
    });
  }
  if (code === "4.01") {
    return new AgentError(
      "unauthorized",
      "the server does not accept this device's credentials (4.01)",
      {
        hint: "in ThingsBoard look at the device's credentials; they may have been changed or deleted",
      },
    );
  }
  if (code === "4.04" || code === "4.05") {
    return new AgentError("transient", `the server does not know this path (${code})`, {
      hint: "is [server] url the CoAP transport of a ThingsBoard server?",
    });
  }
  if (code === "4.08") {
    // Twice, for the CoAP client begins anew once. What fits into one datagram needs no blocks to be kept.
    return new AgentError("transient", "the server lost the blocks of a large message (4.08)", {
      code: SERVER_FAULT,
    });
  }
  if (code.startsWith("4.")) {
    return new AgentError("rejected", `the server refuses this payload (${code})`);
  }
  return new AgentError("transient", `the server failed or limits the rate (${code})`, {
    code: SERVER_FAULT,
  });
}

const SERVER_FAULT = "P029";

/** The server answered, but could not: as against silence, a smaller message may then pass. */
export const isServerFault = (error: unknown): boolean =>
  error instanceof AgentError && error.code === SERVER_FAULT;

/** 4.13, or more than the path carries: it is the size that is refused, not what the message says. */
export const isTooLarge = (error: unknown): boolean =>
  error instanceof CoapError && error.failure === "too large";
