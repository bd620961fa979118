import { CoapError } from "../coap/coap-error.ts";
import type { AgentError } from "../errors.ts";
import { isServerFault } from "../thingsboard/answer.ts";

/** Why nothing reached the server; the client attribute `outageCause`. */
export type OutageCause =
  | "dns" // its name could not be looked up
  | "route" // no network, no route, or ICMP said unreachable
  | "silence" // no answer
  | "reset" // it answered RST
  | "handshake" // DTLS
  | "4.01" // it refused the access token
  | "5.xx" // it failed, or limited the rate
  | "refused" // it refused to provision
  | "storage" // credentials could not be stored
  | "clock" // no sample had a time
  | "off" // the agent did not run
  | "other";

/** A 4.01 counts as one however often it came; what has no name of its own is "other". */
export function outageCause(error: AgentError): OutageCause {
  if (error instanceof CoapError) return ofTransport(error);
  switch (error.kind) {
    case "unauthorized":
      return "4.01";
    case "refused":
      return "refused";
    case "storage":
      return "storage";
    default:
      return isServerFault(error) ? "5.xx" : "other";
  }
}

function ofTransport({ failure }: CoapError): OutageCause {
  switch (failure) {
    case "resolve":
      return "dns";
    case "unreachable":
      return "route";
    case "timeout":
      return "silence";
    case "reset":
      return "reset";
    case "handshake":
      return "handshake";
    case "rejected":
    case "too large":
    case "cancelled":
      return "other";
  }
}
