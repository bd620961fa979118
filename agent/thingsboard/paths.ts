/** Uri-Path segments of ThingsBoard's CoAP device API. The access token is a segment of its own, never escaped. */
export const provisionPath = ["api", "v1", "provision"] as const;

export const telemetryPath = (accessToken: string) => ["api", "v1", accessToken, "telemetry"];

export const attributesPath = (accessToken: string) => ["api", "v1", accessToken, "attributes"];
