import type { Credentials, Identity } from "../credentials.ts";
import { AgentError } from "../errors.ts";
import type { IdentityStore, Logger, Random } from "../ports.ts";
import type { DeviceApi } from "../thingsboard/device-api.ts";
import type { ProvisionAnswer } from "../thingsboard/provision-message.ts";
import { newAccessToken } from "./access-token.ts";
import { type Board, fingerprintOf } from "./board.ts";
import {
  activated,
  formerHere,
  type HardwareChangePolicy,
  isSameIdentity,
  setActiveAside,
  settleIdentity,
  withClaim,
} from "./identity.ts";
import { nameTaken, notUnderstood, otherBoard, secretNeeded, wrongKey } from "./refusals.ts";

export interface ProvisionerDeps {
  readonly api: DeviceApi;
  readonly store: IdentityStore;
  readonly random: Random;
  readonly board: Board;
  /** As `serverId` writes it. */
  readonly server: string;
  readonly deviceName: string | null;
  readonly key: string | null;
  readonly secret: string | null;
  readonly onHardwareChange: HardwareChangePolicy;
  readonly log: Logger;
}

export interface Provisioner {
  /** Key and secret are at hand. */
  readonly canProvision: boolean;
  /** Credentials that are in use already, or null. Sends nothing. @throws AgentError `refused`, `storage` */
  stored(): Credentials | null;
  /**
   * One attempt to become a device. Safe to repeat and to be cut off at any point: the claim is on disk before the
   * request leaves, and whatever was stored earlier is asked about before anything new is requested.
   * @throws AgentError `transient` (try again), `refused` (the operator must act), `storage`
   */
  attempt(signal: AbortSignal): Promise<Credentials>;
  /** The same although there are credentials: they stay in use until new ones are granted. Throws as `attempt`. */
  renew(signal: AbortSignal): Promise<Credentials>;
  /**
   * Takes a token made elsewhere as this device's own; what was in use before is set aside.
   * @throws AgentError `unauthorized` when the server does not know it, `transient`, `storage`
   */
  adopt(accessToken: string, signal: AbortSignal): Promise<Credentials>;
  /** Stops using revoked credentials; they are set aside, not deleted. */
  release(): void;
}

export function createProvisioner(deps: ProvisionerDeps): Provisioner {
  const { api, store, random, board, server, deviceName, log } = deps;
  const here = { server, board, policy: deps.onHardwareChange };

  const settled = () => {
    const before = store.load();
    const { identity, standing } = settleIdentity(before, here);
    if (!isSameIdentity(before, identity)) store.save(identity);
    if (standing.kind === "foreign") throw otherBoard(standing.fingerprint);
    for (const held of [identity.active, identity.claim, ...identity.kept]) {
      if (held) log.protect(held.accessToken);
    }
    return { identity, active: standing.kind === "provisioned" ? standing.credentials : null };
  };

  const use = (identity: Identity, credentials: Credentials): Credentials => {
    log.protect(credentials.accessToken);
    store.save(activated(identity, credentials));
    return credentials;
  };

  /** The first of these that the server knows: a request that landed after all, or a token that is valid again. */
  const known = async (candidates: readonly Credentials[], signal: AbortSignal) => {
    for (const candidate of candidates) {
      if (await api.isTokenValid(candidate.accessToken, signal)) return candidate;
    }
    return null;
  };

  const conclude = async (
    answer: ProvisionAnswer,
    identity: Identity,
    claim: Credentials,
    signal: AbortSignal,
  ): Promise<Credentials> => {
    switch (answer.status) {
      case "SUCCESS":
        // A pre-provisioned device keeps its token: the one returned is the one that counts.
        return use(identity, { ...claim, accessToken: answer.accessToken });
      case "FAILURE": {
        // Also the answer to a request whose first copy was granted while its answer was lost.
        const ours = await known([claim, ...formerHere(identity, here)], signal);
        if (ours) return use(identity, ours);
        throw nameTaken(claim.deviceName, answer.errorMsg);
      }
      case "NOT_FOUND":
        throw wrongKey(answer.errorMsg);
      case "unreadable":
        throw notUnderstood(answer);
    }
  };

  const request = async (identity: Identity, signal: AbortSignal): Promise<Credentials> => {
    const former = identity.claim;
    if (former && (await known([former], signal))) return use(identity, former);
    const { key, secret } = deps;
    if (!key || !secret) throw secretNeeded();

    const token = former?.accessToken ?? newAccessToken(random);
    log.protect(token);
    const fingerprint = fingerprintOf(board);
    const claim = { server, fingerprint, deviceName, accessToken: token };
    const claimed = withClaim(identity, claim);
    if (!isSameIdentity(identity, claimed)) store.save(claimed);

    const message = { deviceName, provisionDeviceKey: key, provisionDeviceSecret: secret, token };
    return conclude(await api.provision(message, signal), claimed, claim, signal);
  };

  return {
    canProvision: Boolean(deps.key && deps.secret),

    stored: () => settled().active,

    async attempt(signal) {
      const { identity, active } = settled();
      return active ?? request(identity, signal);
    },

    renew: (signal) => request(settled().identity, signal),

    async adopt(accessToken, signal) {
      log.protect(accessToken);
      const { identity } = settled();
      const fingerprint = fingerprintOf(board);
      // Nobody tells us the name of the device that the token belongs to.
      const credentials = { server, fingerprint, deviceName: null, accessToken };
      if (await known([credentials], signal)) return use(identity, credentials);
      throw new AgentError("unauthorized", "the server does not know this access token (4.01)", {
        hint: "copy it once more from the device's credentials in ThingsBoard",
      });
    },

    release() {
      store.save(setActiveAside(store.load()));
    },
  };
}
