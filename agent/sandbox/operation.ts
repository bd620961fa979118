import type { Feature } from "./path.ts";

export type Operation =
  | "post telemetry"
  | "post attributes"
  | "read attributes"
  | "subscribe attributes"
  | "unsubscribe attributes"
  | "subscribe rpc"
  | "unsubscribe rpc"
  | "reply rpc"
  | "request rpc"
  | "claim"
  | "provision";

export interface Asked {
  readonly method: string;
  readonly feature: Feature;
  readonly requestId: string | null;
  readonly observe: number | null;
}

/** What a method means on a feature; a code where it means nothing. */
export function operationOf(asked: Asked): Operation | "4.00" | "4.05" {
  if (asked.method === "POST") return posted(asked);
  if (asked.method !== "GET") return "4.05";
  if (asked.feature === "telemetry") return "4.00";
  const subject = asked.feature === "rpc" ? "rpc" : "attributes";
  // A quirk of ThingsBoard: observing claim or provision observes the attributes.
  if (asked.observe === 0) return `subscribe ${subject}`;
  if (asked.observe === 1) return `unsubscribe ${subject}`;
  return asked.feature === "attributes" ? "read attributes" : "4.00";
}

function posted({ feature, requestId }: Asked): Operation {
  switch (feature) {
    case "telemetry":
      return "post telemetry";
    case "attributes":
      return "post attributes";
    case "rpc":
      // "…/rpc/abc" asks the server; only a number answers it.
      return requestId !== null && /^-?\d+$/.test(requestId) ? "reply rpc" : "request rpc";
    default:
      return feature;
  }
}
