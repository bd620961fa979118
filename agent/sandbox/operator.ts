import { AgentError } from "../errors.ts";
import type { Clock, Json } from "../ports.ts";
import { type AttributeMap, attributesText, parseAttributes } from "./attributes.ts";
import type { Chance } from "./chance.ts";
import { type Device, type Devices, type ProfileSpec, x509Credentials } from "./devices.ts";
import type { Observations } from "./observations.ts";
import type { RpcCall, ServerRpc } from "./server-rpc.ts";

export type ClaimResult = "SUCCESS" | "FAILURE" | "CLAIMED";

export interface OperatorDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly devices: Devices;
  readonly profiles: readonly ProfileSpec[];
  readonly observations: Observations;
  readonly serverRpc: ServerRpc;
  readonly typeCast: boolean;
}

/** What a person does in ThingsBoard's pages. Each throws AgentError `config` for an unknown device. */
export function createOperator(deps: OperatorDeps) {
  const { clock, chance, devices, profiles, observations, serverRpc } = deps;
  const deviceOf = (name: string): Device => {
    const device = devices.named(name);
    if (device) return device;
    const names = devices.all().map((known) => `"${known.name}"`);
    throw new AgentError("config", `there is no device "${name}"`, {
      hint:
        names.length > 0 ? `known devices: ${names.join(", ")}` : "no device has provisioned yet",
    });
  };

  return {
    /** Takes the device's credentials away: its observations end with 2.02, its next request gets 4.01. */
    revoke(deviceName: string): void {
      const device = deviceOf(deviceName);
      device.credentials = null;
      observations.endDevice(deviceName);
    },

    /** Removes the device and all its data, after which its name may provision again. */
    deleteDevice(deviceName: string): void {
      deviceOf(deviceName);
      observations.endDevice(deviceName);
      devices.remove(deviceName);
    },

    /** Writes shared attributes and pushes the written ones to the observer. */
    setSharedAttributes(deviceName: string, attributes: Readonly<Record<string, Json>>): void {
      const { shared } = deviceOf(deviceName);
      const written: AttributeMap | null = parseAttributes(
        JSON.stringify(attributes),
        deps.typeCast,
      );
      if (!written) throw new AgentError("config", "attributes are a JSON object");
      for (const [key, value] of written) shared.set(key, value);
      observations.notify(deviceName, "attributes", attributesText(written));
    },

    deleteSharedAttributes(deviceName: string, keys: readonly string[]): void {
      const { shared } = deviceOf(deviceName);
      for (const key of keys) shared.delete(key);
      observations.notify(deviceName, "attributes", JSON.stringify({ deleted: keys }));
    },

    /**
     * A server-side RPC. Resolves to the device's reply, or to null once a one-way call is pushed.
     * @throws AgentError `transient` when its time is over
     */
    async sendRpc(deviceName: string, call: RpcCall): Promise<Json | null> {
      deviceOf(deviceName);
      return await serverRpc.send(deviceName, call);
    },

    /**
     * Creates a device before it has ever asked, as the pre-provisioned strategy wants it. Returns its token.
     * @throws AgentError `config` where the name or the token is taken
     */
    preprovision(deviceName: string, token: string = chance.name()): string {
      const fitting = profiles.find(({ strategy }) => strategy === "CHECK_PRE_PROVISIONED_DEVICES");
      const profile = fitting ?? profiles[0];
      const credentials = { type: "ACCESS_TOKEN", id: token } as const;
      const device =
        profile && devices.create({ name: deviceName, profile, credentials, provisioned: false });
      if (!device) {
        throw new AgentError("config", `the device "${deviceName}" or its token exists already`);
      }
      return token;
    },

    /** Pastes a certificate (PEM) into the device's credentials; its token, and an earlier certificate, end. */
    setCertificate(deviceName: string, certificate: string): void {
      deviceOf(deviceName).credentials = x509Credentials(certificate);
    },

    /** A customer claims the device with the secret that it announced. */
    customerClaim(deviceName: string, secretKey: string): ClaimResult {
      const device = deviceOf(deviceName);
      if (device.claimedByCustomer) return "CLAIMED";
      const { claim } = device;
      if (!claim || claim.secretKey !== secretKey || claim.expiresAt <= clock.now())
        return "FAILURE";
      device.claimedByCustomer = true;
      device.claim = null;
      return "SUCCESS";
    },

    /** For tests that want to check what a device stored; null once revoked. */
    accessTokenOf(deviceName: string): string | null {
      const { credentials } = deviceOf(deviceName);
      return credentials?.type === "ACCESS_TOKEN" ? credentials.id : null;
    },
  };
}

export type Operator = ReturnType<typeof createOperator>;
