import { AgentError } from "../errors.ts";
import { CoapError } from "./coap-error.ts";

/** What a failed send or receive means: a lost transmission, a closed port, or an error that ends requests. */
export type ChannelFailure = "lost" | "refused" | CoapError;

const AWAY: ReadonlyMap<string, string> = new Map([
  ["ENETUNREACH", "no route to its network"],
  ["EHOSTUNREACH", "no route to this host"],
  ["ENETDOWN", "the network interface is down"],
  ["EADDRNOTAVAIL", "this machine has lost its address"],
  ["EBADF", "the socket is gone"],
]);

/** `errno` as the system names it ("ENETUNREACH"). Errors that no new socket cures are not among these. */
export function channelFailure(errno: string, peer: string): ChannelFailure {
  const away = AWAY.get(errno);
  if (away) {
    const hint = "look at `ip address` and `ip route`; the agent goes on by itself";
    return new CoapError("unreachable", `${peer} cannot be reached: ${away} (${errno})`, {
      errno,
      hint,
    });
  }
  switch (errno) {
    case "ECONNREFUSED":
      return "refused";
    case "EMSGSIZE":
      return new CoapError("too large", `a message to ${peer} is too large for this network path`, {
        errno,
      });
    case "EPERM":
    case "EACCES":
      return new CoapError(
        "unreachable",
        `a firewall on this machine forbids sending to ${peer} (${errno})`,
        { errno, hint: "look at `nft list ruleset` and allow outgoing UDP to the server" },
      );
    default:
      // ENOBUFS, EAGAIN and what we do not know: the next retransmission decides.
      return "lost";
  }
}

/** Why a channel could not be opened: the system's errno, or what the DTLS handshake says. */
export function connectFailure(error: unknown, peer: string): CoapError {
  const errno = codeOf(error);
  const known = channelFailure(errno, peer);
  if (known instanceof CoapError) return known;
  if (error instanceof AgentError) {
    const { hint, code } = error;
    return new CoapError("handshake", error.message, {
      cause: error,
      ...(hint !== undefined && { hint }),
      ...(code !== undefined && { code }),
    });
  }
  const why = errno || (error instanceof Error ? error.message : String(error));
  return /^E[A-Z0-9]+$/.test(errno)
    ? new CoapError("unreachable", `${peer} cannot be reached: ${why}`, { errno, cause: error })
    : new CoapError("handshake", `the DTLS handshake with ${peer} failed: ${why}`, {
        cause: error,
      });
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return String(error.code ?? "");
}
