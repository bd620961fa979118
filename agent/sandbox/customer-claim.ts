import { isNumber, isObject, parseJson } from "./json-text.ts";

/** What a device says so that a customer can claim it. Not the agent's own provisioning claim. */
export interface CustomerClaim {
  readonly secretKey: string;
  readonly durationMs: number;
}

/** ThingsBoard's security.claim.duration */
const DEFAULT_DURATION_MS = 86_400_000;

/** An empty body is an empty object. */
export function parseCustomerClaim(text: string): CustomerClaim | "4.00" | "5.00" {
  try {
    const root = text === "" ? new Map<string, never>() : parseJson(text);
    if (!isObject(root)) return "4.00";
    const secret = root.get("secretKey") ?? "";
    const duration = root.get("durationMs") ?? { number: "0" };
    const durationMs = isNumber(duration) ? Number(duration.number) : Number.NaN;
    // An unchecked exception in ThingsBoard, unlike a body that is no object.
    if (!Number.isFinite(durationMs) || typeof secret !== "string") return "5.00";
    return { secretKey: secret, durationMs: durationMs > 0 ? durationMs : DEFAULT_DURATION_MS };
  } catch (error) {
    if (error instanceof SyntaxError) return "4.00";
    throw error;
  }
}
