import type { InterfaceAddress } from "../ports.ts";

/**
 * The interface of the default route in the text of /proc/net/route, the one of lowest metric: destination and mask are
 * eight zeros of hex. Null where there is no such route.
 */
export function defaultInterface(routes: string): string | null {
  let best: { readonly name: string; readonly metric: number } | null = null;
  for (const line of routes.split("\n").slice(1)) {
    const [name, destination, , , , , metricText, mask] = line.trim().split(/\s+/);
    const metric = Number(metricText);
    if (!name || destination !== "00000000" || mask !== "00000000" || !(metric >= 0)) continue;
    if (best === null || metric < best.metric) best = { name, metric };
  }
  return best?.name ?? null;
}

/** Under which a neighbour can reach the board: on the interface of the default route, IPv4 first, none of one link only. */
export function mainAddress(
  addresses: readonly InterfaceAddress[],
  preferred: string | null,
): InterfaceAddress | null {
  const routable = addresses.filter(({ address }) => !isLinkLocal(address));
  const own = routable.filter(({ name }) => name === preferred);
  const candidates = own.length > 0 ? own : routable;
  return candidates.find(({ address }) => !address.includes(":")) ?? candidates[0] ?? null;
}

/** 169.254.0.0/16 (RFC 3927) and fe80::/10 (RFC 4291): what an interface gives itself when nobody answers. */
const isLinkLocal = (address: string) => /^(169\.254\.|fe[89ab][0-9a-f]:)/i.test(address);
