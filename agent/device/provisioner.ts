import { type Credentials, hasToken, type Identity, secretOf } from "../credentials.ts";
import { AgentError } from "../errors.ts";
import type { Logger, ProvisionSecret } from "../ports.ts";
import { isAccessToken } from "../thingsboard/provision-message.ts";
import { fingerprintOf } from "./board.ts";
import {
  activated,
  type HardwareChangePolicy,
  type Here,
  isSameIdentity,
  setActiveAside,
  settleIdentity,
  withClaim,
} from "./identity.ts";
import { certificateCounts, noToken, otherBoard, tokenUnknown } from "./refusals.ts";
import { type RequestDeps, requesting } from "./requesting.ts";

export interface ProvisionerDeps extends Omit<RequestDeps, "secret"> {
  readonly secret: string | null;
  /** Where the secret lies; once that is spent it is not in use here either. */
  readonly provisionSecret: ProvisionSecret;
  readonly onHardwareChange: HardwareChangePolicy;
  /** The server is asked by coaps://. */
  readonly showsCertificates: boolean;
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
  /**
   * Replaces the token in use by one that the server's side chose. The new one is on the disk before the server is asked
   * about it, the old one is in use until the server knows the new one, and is set aside in the same step. One at a time.
   * @throws AgentError `unauthorized` when the server does not know it; `transient` when it cannot be asked: in both cases
   *   the new token waits, see `candidate`; `refused` for what is no token; `storage`: then nothing has changed
   */
  rotate(accessToken: string, signal: AbortSignal): Promise<Credentials>;
  /** The token that waits to replace the one in use, as far as this provisioner has seen; asks neither disk nor server. */
  candidate(): Credentials | null;
  /** Asks about the candidate once more; null when there is none. Throws as `rotate`. */
  retryCandidate(signal: AbortSignal): Promise<Credentials | null>;
  /** Called when a candidate has replaced the token in use. */
  onRotated(listener: (credentials: Credentials) => void): void;
  /** The server has acknowledged telemetry: the credentials work, and the secret has done its part. */
  proven(): void;
  /** Stops using revoked credentials; they are set aside, not deleted. */
  release(): void;
}

export function createProvisioner(deps: ProvisionerDeps): Provisioner {
  const { store, board, server, log } = deps;
  /** Read at each attempt: the operator may have put the file there meanwhile. */
  const hereNow = (): Here => ({
    ...{ server, board, policy: deps.onHardwareChange },
    handedCertificate: deps.certificates.handed(),
    showsCertificates: deps.showsCertificates,
  });
  const protect = (held: Credentials) => {
    const secret = secretOf(held);
    if (secret !== null) log.protect(secret);
  };
  let { secret } = deps;
  let candidate: Credentials | null = null;
  let rotating = Promise.resolve();
  let rotated = (_credentials: Credentials): void => {};

  const settled = () => {
    const before = store.load();
    const here = hereNow();
    const { identity, standing } = settleIdentity(before, here);
    if (!isSameIdentity(before, identity)) store.save(identity);
    if (standing.kind === "foreign") throw otherBoard(standing.fingerprint);
    for (const held of [identity.active, identity.claim, ...identity.kept]) {
      if (held) protect(held);
    }
    const active = standing.kind === "provisioned" ? standing.credentials : null;
    candidate = active && identity.claim;
    return { here, identity, active };
  };

  const use = (identity: Identity, credentials: Credentials): Credentials => {
    protect(credentials);
    store.save(activated(identity, credentials));
    candidate = null;
    return credentials;
  };

  const { known, request } = requesting({ ...deps, secret: () => secret, protect, use });

  /** @throws AgentError `unauthorized`, `transient` */
  const verify = async (asked: Credentials, signal: AbortSignal): Promise<Credentials> => {
    if (!(await known([asked], signal))) throw tokenUnknown();
    try {
      use(store.load(), asked);
    } catch (error) {
      if (!(error instanceof AgentError) || error.kind !== "storage") throw error;
      // It is on the disk as a candidate, and the next start asks about it: nothing can be lost.
      const { message, hint } = error;
      log.warn("the new access token is in use, but still stored as a candidate", {
        reason: message,
        hint,
      });
    }
    rotated(asked);
    return asked;
  };

  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    const before = rotating;
    const turn = Promise.withResolvers<void>();
    rotating = turn.promise;
    await before;
    try {
      return await work();
    } finally {
      turn.resolve();
    }
  };

  return {
    get canProvision() {
      return Boolean(deps.key && secret);
    },

    stored: () => settled().active,

    async attempt(signal) {
      const { active, ...standing } = settled();
      return active ?? request(standing, signal);
    },

    renew: (signal) => request(settled(), signal),

    async adopt(accessToken, signal) {
      log.protect(accessToken);
      const { identity, here } = settled();
      if (here.handedCertificate !== null) throw certificateCounts();
      const fingerprint = fingerprintOf(board);
      // Nobody tells us the name of the device that the token belongs to.
      const credentials = { server, fingerprint, deviceName: null, accessToken };
      if (await known([credentials], signal)) return use(identity, credentials);
      throw new AgentError("unauthorized", "the server does not know this access token (4.01)", {
        hint: "copy it once more from the device's credentials in ThingsBoard",
      });
    },

    async rotate(accessToken, signal) {
      if (!isAccessToken(accessToken)) throw noToken();
      log.protect(accessToken);
      return inTurn(async () => {
        const { identity, active } = settled();
        if (active && !hasToken(active)) throw certificateCounts();
        if (active?.accessToken === accessToken) return active;
        const deviceName = active?.deviceName ?? null; // the device stays the same
        const next = { server, fingerprint: fingerprintOf(board), deviceName, accessToken };
        const proposed = withClaim(identity, next);
        if (!isSameIdentity(identity, proposed)) store.save(proposed);
        candidate = next;
        return verify(next, signal);
      });
    },

    candidate: () => candidate,

    retryCandidate: (signal) => inTurn(async () => candidate && verify(candidate, signal)),

    onRotated(listener) {
      rotated = listener;
    },

    proven() {
      if (deps.provisionSecret.spend()) secret = null;
    },

    release() {
      store.save(setActiveAside(store.load()));
    },
  };
}
