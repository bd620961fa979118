import type { AttributeMap } from "./attributes.ts";
import type { CustomerClaim } from "./customer-claim.ts";
import { createSeries, type SeriesLimits } from "./series.ts";

export type Strategy =
  | "ALLOW_CREATE_NEW_DEVICES"
  | "CHECK_PRE_PROVISIONED_DEVICES"
  | "DISABLED"
  | "X509_CERTIFICATE_CHAIN";

export interface ProfileSpec {
  readonly name: string;
  readonly key: string;
  readonly secret: string;
  readonly strategy: Strategy;
  /** A device of another transport is answered 5.00; default "DEFAULT". */
  readonly transport?: "DEFAULT" | "COAP" | "MQTT";
}

/** What authenticates a device. Over plain CoAP only an access token does. */
export type DeviceCredentials =
  | { readonly type: "ACCESS_TOKEN"; readonly id: string }
  | { readonly type: "X509_CERTIFICATE"; readonly id: string }
  | {
      readonly type: "MQTT_BASIC";
      readonly id: string;
      readonly clientId?: string;
      readonly userName?: string;
      readonly password?: string;
    };

/** ThingsBoard strips the frame of PEM, and takes whatever is left. */
export const x509Credentials = (certificate: string): DeviceCredentials => ({
  type: "X509_CERTIFICATE",
  id: certificate.replaceAll(/-----(BEGIN|END) CERTIFICATE-----|\s/g, ""),
});

export interface Device {
  readonly name: string;
  readonly profile: ProfileSpec;
  readonly gateway: boolean;
  /** Null once revoked. */
  credentials: DeviceCredentials | null;
  /** ThingsBoard's server attribute `provisionState`. */
  provisioned: boolean;
  claim: (CustomerClaim & { readonly expiresAt: number }) | null;
  claimedByCustomer: boolean;
  readonly client: AttributeMap;
  readonly shared: AttributeMap;
  readonly series: ReturnType<typeof createSeries>;
}

export interface NewDevice {
  readonly name: string;
  readonly profile: ProfileSpec;
  readonly credentials: DeviceCredentials;
  readonly gateway?: boolean;
  readonly provisioned: boolean;
}

export interface DeviceLimits extends SeriesLimits {
  readonly mostDevices: number;
}

/** All devices of the one tenant; names and credentials are unique in it. */
export function createDevices(limits: DeviceLimits) {
  const devices = new Map<string, Device>();
  /** Who was found by these credentials last: an operator may have given them to another since. */
  const found = new Map<string, Device>();

  const holderOf = (type: DeviceCredentials["type"], id: string): Device | undefined => {
    const holds = ({ credentials }: Device) => credentials?.type === type && credentials.id === id;
    const before = found.get(id);
    if (before !== undefined && holds(before) && devices.get(before.name) === before) return before;
    const device = devices.values().find(holds);
    if (device === undefined) found.delete(id);
    else found.set(id, device);
    return device;
  };

  return {
    all: () => [...devices.values()],
    named: (name: string): Device | undefined => devices.get(name),
    remove: (name: string): void => void devices.delete(name),
    /** Null where a name or a credential is taken, or the tenant is full: nothing is created. */
    create(spec: NewDevice): Device | null {
      const { name, profile, credentials, gateway = false, provisioned } = spec;
      const taken = devices
        .values()
        .some((device) => device.credentials?.id === credentials.id || device.name === name);
      if (taken || devices.size >= limits.mostDevices) return null;
      const device: Device = {
        name,
        profile,
        gateway,
        credentials,
        provisioned,
        claim: null,
        claimedByCustomer: false,
        client: new Map(),
        shared: new Map(),
        series: createSeries(limits),
      };
      devices.set(name, device);
      return device;
    },
    /** Only a device whose credentials are an access token can use CoAP without DTLS. */
    byAccessToken: (token: string) => holderOf("ACCESS_TOKEN", token),
    /** Base64 of its DER. */
    byCertificate: (text: string) => holderOf("X509_CERTIFICATE", text),
  };
}

export type Devices = ReturnType<typeof createDevices>;
