import type { Credentials, Identity } from "../credentials.ts";
import { AgentError } from "../errors.ts";
import type { IdentityStore, Logger, Random } from "../ports.ts";
import type { DeviceApi } from "../thingsboard/device-api.ts";
import type { ProvisionAnswer } from "../thingsboard/provision-message.ts";
import { type Board, fingerprintOf } from "./board.ts";
import {
  activated,
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
  /**
   * Takes a token made elsewhere as this device's own; what was in use before is set aside.
   * @throws AgentError `unauthorized` when the server does not know it, `transient`, `storage`
   */
  adopt(accessToken: string, signal: AbortSignal): Promise<Credentials>;
  /** Stops using the credentials; they are set aside, not deleted. */
  release(reason: "revoked" | "reset"): void;
}

export function createProvisioner(deps: ProvisionerDeps): Provisioner {
  const { api, store, random, board, server, deviceName, log } = deps;

  const settled = () => {
    const before = store.load();
    const result = settleIdentity(before, { server, board, policy: deps.onHardwareChange });
    if (!isSameIdentity(before, result.identity)) store.save(result.identity);
    if (result.standing.kind === "foreign") throw otherBoard(result.standing.fingerprint);
    return { identity: result.identity, standing: result.standing };
  };

  const use = (identity: Identity, credentials: Credentials): Credentials => {
    log.protect(credentials.accessToken);
    store.save(activated(identity, credentials));
    return credentials;
  };

  /** True when the request that carried this claim had reached the server after all. */
  const hasLanded = (claim: Credentials, signal: AbortSignal) =>
    api.isTokenValid(claim.accessToken, signal);

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
      case "FAILURE":
        // Also the answer to a request whose first copy was granted while its answer was lost.
        if (await hasLanded(claim, signal)) return use(identity, claim);
        throw nameTaken(claim.deviceName, answer.errorMsg);
      case "NOT_FOUND":
        throw wrongKey(answer.errorMsg);
      case "unreadable":
        throw notUnderstood(answer);
    }
  };

  return {
    canProvision: Boolean(deps.key && deps.secret),

    stored() {
      const { standing } = settled();
      if (standing.kind !== "provisioned") return null;
      log.protect(standing.credentials.accessToken);
      return standing.credentials;
    },

    async attempt(signal) {
      const { identity, standing } = settled();
      if (standing.kind === "provisioned") return standing.credentials;
      const { key, secret } = deps;
      if (standing.kind === "claimed") {
        log.protect(standing.claim.accessToken);
        if (await hasLanded(standing.claim, signal)) return use(identity, standing.claim);
      }
      if (!key || !secret) throw secretNeeded();

      const accessToken =
        standing.kind === "claimed" ? standing.claim.accessToken : newToken(random);
      log.protect(accessToken);
      const claim = { server, fingerprint: fingerprintOf(board), deviceName, accessToken };
      const claimed = withClaim(identity, claim);
      if (!isSameIdentity(identity, claimed)) store.save(claimed);

      const request = {
        deviceName,
        provisionDeviceKey: key,
        provisionDeviceSecret: secret,
        token: accessToken,
      };
      return await conclude(await api.provision(request, signal), claimed, claim, signal);
    },

    async adopt(accessToken, signal) {
      log.protect(accessToken);
      if (!(await api.isTokenValid(accessToken, signal))) {
        throw new AgentError("unauthorized", "the server does not know this access token (4.01)", {
          hint: "copy it once more from the device's credentials in ThingsBoard",
        });
      }
      const { identity } = settled();
      const fingerprint = fingerprintOf(board);
      const credentials = { server, fingerprint, deviceName, accessToken };
      return use(setActiveAside(identity, "reset"), credentials);
    },

    release(reason) {
      store.save(setActiveAside(store.load(), reason));
    },
  };
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const TOKEN_LENGTH = 32;

/** 32 characters of 62: 190 bits. Unique platform-wide, as ThingsBoard demands, and never all digits to be cast. */
function newToken(random: Random): string {
  let token = "";
  while (token.length < TOKEN_LENGTH) {
    for (const byte of random.bytes(TOKEN_LENGTH)) {
      // 248 = 4 x 62: bytes above would favour the first letters.
      if (byte < 248 && token.length < TOKEN_LENGTH) token += ALPHABET[byte % ALPHABET.length];
    }
  }
  return token;
}
