import {
  type Credentials,
  type FormerCredentials,
  hasToken,
  type Identity,
  proofOf,
} from "../credentials.ts";
import type { IdentityStore } from "../ports.ts";
import type { DeviceApi } from "../thingsboard/device-api.ts";
import {
  certificateText,
  type Granted,
  type ProvisionAnswer,
} from "../thingsboard/provision-message.ts";
import { type Board, fingerprintOf } from "./board.ts";
import { formerHere, type Here, isSameIdentity, withClaim, withTokenForLater } from "./identity.ts";
import { type LoginDeps, newLogin } from "./new-login.ts";
import {
  certificateUnknown,
  nameTaken,
  notUnderstood,
  otherCertificate,
  secretNeeded,
  tokenGranted,
  wrongKey,
} from "./refusals.ts";

export interface RequestDeps extends LoginDeps {
  readonly api: DeviceApi;
  readonly store: IdentityStore;
  readonly board: Board;
  /** As `serverId` writes it. */
  readonly server: string;
  readonly deviceName: string | null;
  readonly key: string | null;
  /** Null: there is none, or it was spent. */
  secret(): string | null;
}

interface Acts {
  /** Its secret is never to be read in a log. */
  protect(credentials: Credentials): void;
  /** From here on these are the device's. */
  use(identity: Identity, credentials: Credentials): Credentials;
}

/** What is stored, and what it means here. */
interface Settled {
  readonly identity: Identity;
  readonly here: Here;
}

/** Asking the server to become a device: the claim is stored first, and what was claimed before is asked about first. */
export function requesting(deps: RequestDeps & Acts) {
  const { api, store, board, server, deviceName, protect, use } = deps;

  /** The first of these that the server knows: a request that landed after all, or a login that is valid again. */
  const known = async (candidates: readonly Credentials[], signal: AbortSignal) => {
    for (const candidate of candidates) {
      if (await api.isKnown(candidate, signal)) return candidate;
    }
    return null;
  };

  /** A pre-provisioned device keeps what it has: what is returned is what counts. */
  const take = (granted: Granted, { identity, here }: Settled, claim: Credentials): Credentials => {
    if ("accessToken" in granted) {
      const { server, fingerprint, deviceName } = claim;
      const credentials = { server, fingerprint, deviceName, accessToken: granted.accessToken };
      if (here.handedCertificate === null) return use(identity, credentials);
      protect(credentials);
      store.save(withTokenForLater(identity, credentials));
      throw tokenGranted();
    }
    const ours = [claim, identity.active, ...identity.kept].find(
      (held) =>
        held && !hasToken(held) && certificateText(held.certificate) === granted.certificate,
    );
    const { handedCertificate } = here;
    if (!ours || (handedCertificate !== null && proofOf(ours) !== handedCertificate))
      throw otherCertificate();
    // It may have been another server's, or another board's: from here on it is this one's.
    const { server, fingerprint, deviceName } = claim;
    return use(identity, { ...plain(ours), server, fingerprint, deviceName });
  };

  const conclude = async (
    answer: ProvisionAnswer,
    settled: Settled,
    claim: Credentials,
    signal: AbortSignal,
  ): Promise<Credentials> => {
    const { identity, here } = settled;
    switch (answer.status) {
      case "SUCCESS":
        return take(answer.granted, settled, claim);
      case "FAILURE": {
        // Also the answer to a request whose first copy was granted while its answer was lost.
        const ours = await known([claim, ...formerHere(identity, here)], signal);
        if (ours) return use(identity, ours);
        if (here.handedCertificate !== null && identity.kept.some(isTokenForLater))
          throw tokenGranted();
        throw nameTaken(claim.deviceName, answer.errorMsg);
      }
      case "NOT_FOUND":
        throw wrongKey(answer.errorMsg);
      case "unreadable":
        throw notUnderstood(answer);
    }
  };

  const request = async (
    { identity, here }: Settled,
    signal: AbortSignal,
  ): Promise<Credentials> => {
    const former = identity.claim;
    if (former && (await known([former], signal))) return use(identity, former);
    const { handedCertificate: handed } = here;
    const fingerprint = fingerprintOf(board);
    if (handed !== null && former === null) {
      // The operator may have made the device in ThingsBoard, with this certificate and a name that nobody tells us.
      const made = { server, fingerprint, deviceName: null, certificate: handed, key: null };
      if (await known([made], signal)) return use(identity, made);
    }
    const { key } = deps;
    const secret = deps.secret();
    if (!key || !secret) throw handed === null ? secretNeeded() : certificateUnknown();

    const isToken = handed === null && deps.credentialsType === "access_token";
    // The operator may have changed the type since it was claimed.
    const again = former !== null && hasToken(former) === isToken ? former : null;
    const login = again ?? (await newLogin(deps, handed, deviceName));
    const claim = { ...login, server, fingerprint, deviceName };
    protect(claim);
    const claimed = withClaim(identity, claim);
    if (!isSameIdentity(identity, claimed)) store.save(claimed);

    const message = { deviceName, provisionDeviceKey: key, provisionDeviceSecret: secret, login };
    const settled = { identity: claimed, here };
    return conclude(await api.provision(message, signal), settled, claim, signal);
  };

  return { known, request };
}

/** It came where a certificate was handed over. */
const isTokenForLater = (held: FormerCredentials) => hasToken(held) && held.reason === "login";

/** Without what is said of those that were set aside. */
function plain(held: Credentials | FormerCredentials): Credentials {
  if (!("reason" in held)) return held;
  const { reason: _, ...credentials } = held;
  return credentials;
}
