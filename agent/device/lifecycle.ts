import type { Credentials } from "../credentials.ts";

/** One stray 4.01 may be a server restart; three in a row is a decision. */
const REFUSALS_BEFORE_REVOKED = 3;

export type DeviceState =
  | { readonly kind: "unprovisioned" }
  | {
      readonly kind: "provisioning";
      readonly attempt: number;
      /** Code of the refusal that waits for the operator ("P021"); null while it is only a matter of trying. */
      readonly refusal: string | null;
      /** The last try failed because this machine's clock is not set. */
      readonly awaitsClock?: boolean;
    }
  | {
      readonly kind: "offline";
      readonly credentials: Credentials;
      readonly attempt: number;
      readonly refusals: number;
      readonly awaitsClock?: boolean;
    }
  | { readonly kind: "online"; readonly credentials: Credentials }
  | { readonly kind: "revoked"; readonly credentials: Credentials; readonly probes: number };

export type DeviceEvent =
  | { readonly type: "provision" }
  | { readonly type: "provisioned"; readonly credentials: Credentials }
  | { readonly type: "refused"; readonly refusal: string }
  | { readonly type: "delivered" }
  | { readonly type: "failed"; readonly error: "transient" | "unauthorized" | "clock" }
  /** The server took nothing, but it let the token in: only what was sent is at fault. */
  | { readonly type: "answered" }
  /** A new token was accepted, and is in use from now on. */
  | { readonly type: "rotated"; readonly credentials: Credentials }
  /** The credentials were let go: by the operator, or by the policy on revocation. */
  | { readonly type: "reset" };

export const bootState = (stored: Credentials | null): DeviceState =>
  stored
    ? { kind: "offline", credentials: stored, attempt: 0, refusals: 0 }
    : { kind: "unprovisioned" };

/** The tries that count are those that say something about the server. */
const sameTry = ({ attempt }: { readonly attempt: number }) => Math.max(1, attempt);

/** The whole device lifecycle. An event a state does not expect leaves it unchanged. */
export function transition(state: DeviceState, event: DeviceEvent): DeviceState {
  if (event.type === "reset") return { kind: "unprovisioned" };
  if (event.type === "rotated") {
    const { credentials } = event;
    return state.kind === "online" ? { kind: "online", credentials } : bootState(credentials);
  }

  switch (state.kind) {
    case "unprovisioned":
      return event.type === "provision"
        ? { kind: "provisioning", attempt: 0, refusal: null }
        : state;

    case "provisioning": {
      if (event.type === "failed" && event.error === "clock")
        return { kind: "provisioning", attempt: sameTry(state), refusal: null, awaitsClock: true };
      const attempt = state.attempt + 1;
      if (event.type === "provisioned") return bootState(event.credentials);
      if (event.type === "failed") return { kind: "provisioning", attempt, refusal: null };
      if (event.type === "refused") {
        return { kind: "provisioning", attempt, refusal: event.refusal };
      }
      return state;
    }

    case "offline":
    case "online": {
      const { credentials } = state;
      if (event.type === "delivered") return { kind: "online", credentials };
      if (event.type === "answered") {
        return state.kind === "offline" ? { ...state, refusals: 0 } : state;
      }
      if (event.type !== "failed" && event.type !== "refused") return state;
      const error = event.type === "failed" ? event.error : "transient";
      const before = state.kind === "offline" ? state : { attempt: 0, refusals: 0 };
      if (error === "clock")
        return {
          kind: "offline",
          credentials,
          attempt: sameTry(before),
          refusals: 0,
          awaitsClock: true,
        };
      const refusals = error === "unauthorized" ? before.refusals + 1 : 0;
      if (refusals >= REFUSALS_BEFORE_REVOKED) return { kind: "revoked", credentials, probes: 0 };
      return { kind: "offline", credentials, attempt: before.attempt + 1, refusals };
    }

    case "revoked":
      if (event.type === "delivered") return { kind: "online", credentials: state.credentials };
      if (event.type === "answered") return bootState(state.credentials);
      return event.type === "failed" || event.type === "refused"
        ? { ...state, probes: state.probes + 1 }
        : state;
  }
}
