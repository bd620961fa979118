import { hasToken, type Login } from "../credentials.ts";

/** Uri-Path segments of ThingsBoard's CoAP device API. An access token is a segment of its own, never escaped. */
const pathOf =
  (feature: "telemetry" | "attributes") =>
  (login: Login): readonly string[] =>
    hasToken(login) ? ["api", "v1", login.accessToken, feature] : ["api", "v1", feature];

export const provisionPath = ["api", "v1", "provision"] as const;

export const telemetryPath = pathOf("telemetry");

export const attributesPath = pathOf("attributes");
