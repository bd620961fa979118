import type { Json } from "../ports.ts";
import type { AttributeMap } from "./attributes.ts";
import type { Counters } from "./counters.ts";
import type { Device, Strategy } from "./devices.ts";
import type { Faults } from "./faults.ts";
import type { Observations, Subject } from "./observations.ts";
import type { SeriesSnapshot } from "./series.ts";

/** All that the sandbox knows, without a token or a secret in it. */
export interface SandboxState {
  readonly seed: number;
  readonly faults: Faults;
  readonly counters: Counters;
  readonly profiles: readonly { readonly name: string; readonly strategy: Strategy }[];
  readonly devices: Readonly<Record<string, DeviceState>>;
}

export interface DeviceState {
  readonly name: string;
  readonly profile: string;
  readonly gateway: boolean;
  /** Null once revoked. */
  readonly credentialsType: string | null;
  /** The server attribute `provisionState`. */
  readonly provisioned: boolean;
  readonly observes: readonly Subject[];
  readonly attributes: {
    readonly client: Readonly<Record<string, Json>>;
    readonly shared: Readonly<Record<string, Json>>;
  };
  readonly telemetry: SeriesSnapshot;
}

const values = (attributes: AttributeMap) =>
  Object.fromEntries([...attributes].map(([key, { value }]) => [key, value]));

export const deviceState = (device: Device, observations: Observations): DeviceState => ({
  name: device.name,
  profile: device.profile.name,
  gateway: device.gateway,
  credentialsType: device.credentials?.type ?? null,
  provisioned: device.provisioned,
  observes: observations.of(device.name),
  attributes: { client: values(device.client), shared: values(device.shared) },
  telemetry: device.series.snapshot(),
});
