export const features = ["attributes", "telemetry", "rpc", "claim", "provision"] as const;
export type Feature = (typeof features)[number];

export type Target =
  | {
      readonly kind: "feature";
      readonly feature: Feature;
      /** Null for the forms that need a client certificate; "" for an empty segment. */
      readonly accessToken: string | null;
      readonly requestId: string | null;
    }
  /** A resource without a handler of its own: `/api`. */
  | { readonly kind: "bare" }
  | { readonly kind: "undecodable" }
  | { readonly kind: "unknown" };

/** Feature words match in any case: "TELEMETRY" is telemetry. */
const featureOf = (word: string | undefined): Feature | undefined =>
  features.find((feature) => feature === word?.toLowerCase());

/** One Uri-Path option "/api/v1/abc/telemetry" is split like four of them. */
const segmentsOf = (path: readonly string[]): readonly string[] => {
  const [only = ""] = path;
  return path.length === 1 && only.includes("/") ? only.replace(/^\//, "").split("/") : path;
};

/** ThingsBoard finds its words by position, so `/api/v1/TOKEN/attributes/updates` is attributes. */
export function decodePath(path: readonly string[]): Target {
  const segments = segmentsOf(path);
  if (segments[0] !== "api") return { kind: "unknown" };
  if (segments.length === 1) return { kind: "bare" };
  if (segments[1] !== "v1") return { kind: "unknown" };
  const [, , third, fourth, fifth] = segments;

  // /api/v1/rpc/17 : the form without a token, for a device known by its certificate.
  if (segments.length === 4 && /^\d+$/.test(fourth ?? "")) {
    return found(featureOf(third), null, fourth);
  }
  if (segments.length >= 4) return found(featureOf(fourth), third ?? "", fifth);
  if (segments.length === 3) return found(featureOf(third), null, undefined);
  return { kind: "undecodable" };
}

const found = (
  feature: Feature | undefined,
  accessToken: string | null,
  requestId: string | undefined,
): Target =>
  feature
    ? { kind: "feature", feature, accessToken, requestId: requestId ?? null }
    : { kind: "undecodable" };
