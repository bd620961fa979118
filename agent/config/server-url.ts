import { AgentError } from "../errors.ts";

export interface ServerAddress {
  readonly scheme: "coap" | "coaps";
  /** A name or an IP literal in lower case, IPv6 without its brackets: "2001:db8::1". */
  readonly host: string;
  readonly port: number;
}

/** RFC 7252 §6.1 and §6.2. */
const defaultPort = { coap: 5683, coaps: 5684 } as const;

const wrong = (what: string, fix: string) => new AgentError("config", what, { hint: fix });

/**
 * Takes `coap://host[:port]` or `coaps://host[:port]` apart.
 * @throws AgentError `config`: the message says what is wrong, the hint what to write
 */
export function parseServerUrl(text: string): ServerAddress {
  const [, schemeText = "", authority = "", rest = ""] =
    /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(text) ?? [];
  const scheme = schemeText.toLowerCase();
  if (scheme !== "coap" && scheme !== "coaps")
    throw wrong("not a server URL", 'write it like "coaps://tb.example.com"');
  if (authority.includes("@"))
    throw wrong("a user name does not belong in the URL", `write "${scheme}://" and the host`);
  if (rest !== "" && rest !== "/")
    throw wrong("a path does not belong in the URL", "write only the host, and the port if needed");

  const [, bracketed, plain = "", portText] =
    /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(authority) ?? [];
  const host = bracketed === undefined ? hostName(plain) : ipv6(bracketed);
  if (host === null)
    throw wrong(
      "not a host",
      'write a name, an IPv4 address, or an IPv6 address in brackets: "coaps://[2001:db8::1]"',
    );
  const port = portText === undefined ? defaultPort[scheme] : Number(portText);
  if (portText === "" || port < 1 || port > 65_535)
    throw wrong("not a port", `write 1 to 65535, or leave it out for ${defaultPort[scheme]}`);
  return { scheme, host, port };
}

/** A name or an IP literal, without brackets, as a certificate may have it. */
export const isHost = (text: string): boolean =>
  (text.includes(":") ? ipv6(text) : hostName(text)) !== null && text !== "";

/**
 * Names the server that credentials belong to. The port counts only where it is not the scheme's own, so that
 * a change from coap to coaps on one host keeps the device: "tb.example.com", "[::1]:7000".
 * @throws AgentError `config` as parseServerUrl does
 */
export function serverId(url: string): string {
  const { scheme, host, port } = parseServerUrl(url);
  const name = host.includes(":") ? `[${host}]` : host;
  return port === defaultPort[scheme] ? name : `${name}:${port}`;
}

/** This machine itself: nobody else is on the way, and no fleet shares it. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127\./.test(host);

function hostName(text: string): string | null {
  const host = text.toLowerCase();
  const labels = host.replace(/\.$/, "").split(".");
  if (host.length > 253) return null;
  if (!labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)))
    return null;
  if (!/^\d+$/.test(labels.at(-1) ?? "")) return host;
  // A last label of digits makes it an IPv4 address: "10.0.0.5"; resolvers read "10.5" in surprising ways.
  const bytes = labels.length === 4 && labels.every((label) => /^(0|[1-9]\d{0,2})$/.test(label));
  return bytes && labels.every((label) => Number(label) <= 255) ? labels.join(".") : null;
}

/** "FE80::1%25eth0" (RFC 6874) and "fe80::1%eth0" are both "fe80::1%eth0". */
function ipv6(text: string): string | null {
  const [, address = "", zone] = /^([0-9a-f:.]+)(?:%(?:25)?([\w.-]+))?$/i.exec(text) ?? [];
  if (!URL.canParse(`http://[${address}]`)) return null;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return zone === undefined ? canonical : `${canonical}%${zone}`;
}
