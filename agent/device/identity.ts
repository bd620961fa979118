import type { Credentials, Fingerprint, FormerCredentials, Identity } from "../credentials.ts";
import { type Board, fingerprintOf, isSameBoard } from "./board.ts";

export type HardwareChangePolicy = "reprovision" | "stop" | "continue";

/** How many former credentials stay at hand. */
const MOST_KEPT = 4;

/** Where this device stands with one server, before anything is sent. */
export type Standing =
  | { readonly kind: "provisioned"; readonly credentials: Credentials }
  /** A claim was stored: its request may or may not have reached the server. */
  | { readonly kind: "claimed"; readonly claim: Credentials }
  | { readonly kind: "unknown" }
  /** The credentials are another board's, and the policy is "stop". */
  | { readonly kind: "foreign"; readonly fingerprint: Fingerprint };

export interface Here {
  readonly server: string;
  readonly board: Board;
  readonly policy: HardwareChangePolicy;
}

/** What a stored identity means on this server and this board; `identity` is what should be stored now. */
export function settleIdentity(
  stored: Identity,
  here: Here,
): { readonly identity: Identity; readonly standing: Standing } {
  const { board, policy } = here;
  const foreign = [stored.active, stored.claim].find(
    (held) => held?.server === here.server && !isSameBoard(held.fingerprint, board),
  );
  if (foreign?.fingerprint && policy === "stop") {
    return { identity: stored, standing: { kind: "foreign", fingerprint: foreign.fingerprint } };
  }
  const bound = foreign && policy === "continue" ? rebind(stored, fingerprintOf(board)) : stored;
  const identity = takeBack(setForeignAside(bound, here), here);
  const { active, claim } = identity;
  if (active) return { identity, standing: { kind: "provisioned", credentials: active } };
  return { identity, standing: claim ? { kind: "claimed", claim } : { kind: "unknown" } };
}

export const withClaim = (identity: Identity, claim: Credentials): Identity => ({
  ...identity,
  claim,
});

/** A token that is to replace the one in use. It is a claim like any other: until the server knows it, it proves nothing. */
export const withCandidate = (identity: Identity, candidate: Credentials): Identity => {
  const { claim, kept } = identity;
  const displaced = claim !== null && claim.accessToken !== candidate.accessToken;
  return { ...identity, claim: candidate, kept: displaced ? keep(kept, claim, "unproven") : kept };
};

/** The new credentials in, the old ones aside, in one step: no moment has neither. */
export const activated = (identity: Identity, credentials: Credentials): Identity => {
  const { active, kept } = identity;
  const replaced = active !== null && active.accessToken !== credentials.accessToken;
  const former = kept.filter(({ accessToken }) => accessToken !== credentials.accessToken);
  return {
    claim: null,
    active: credentials,
    kept: replaced ? keep(former, active, "reset") : former,
  };
};

/** Former credentials that this server may still, or again, accept on this board. */
export const formerHere = ({ kept }: Identity, here: Here): readonly Credentials[] =>
  kept.filter((held) => fits(held, here)).map(({ reason: _, ...credentials }) => credentials);

/** Forgets nothing: what is no longer used moves to `kept`. */
export const setActiveAside = (identity: Identity): Identity =>
  identity.active
    ? { ...identity, active: null, kept: keep(identity.kept, identity.active, "revoked") }
    : identity;

export const isSameIdentity = (a: Identity, b: Identity): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

const fits = (held: Credentials, { server, board }: Pick<Here, "server" | "board">): boolean =>
  held.server === server && isSameBoard(held.fingerprint, board);

function setForeignAside({ active, claim, kept }: Identity, here: Here): Identity {
  const activeFits = active !== null && fits(active, here);
  const claimFits = claim !== null && fits(claim, here);
  let former = kept;
  // A claim of another server or board may have become a device there.
  if (claim && !claimFits) former = keep(former, claim, "unproven");
  if (active && !activeFits) {
    former = keep(former, active, active.server === here.server ? "board" : "server");
  }
  return {
    claim: claimFits ? claim : null,
    active: activeFits ? active : null,
    kept: former,
  };
}

/** A server or board that comes back still has its device: asking anew would only find the name taken. */
function takeBack(identity: Identity, here: Here): Identity {
  if (identity.active) return identity;
  const back = identity.kept.find(
    (held) => fits(held, here) && ["server", "board", "unproven"].includes(held.reason),
  );
  if (!back || (back.reason === "unproven" && identity.claim)) return identity;
  const { reason, ...credentials } = back;
  const kept = identity.kept.filter((held) => held !== back);
  return reason === "unproven"
    ? { ...identity, claim: credentials, kept }
    : { ...identity, active: credentials, kept };
}

const keep = (
  kept: readonly FormerCredentials[],
  former: Credentials,
  reason: FormerCredentials["reason"],
): readonly FormerCredentials[] =>
  trimmed([
    { ...former, reason },
    ...kept.filter(({ accessToken }) => accessToken !== former.accessToken),
  ]);

/**
 * Those that were let go on purpose make room first, then tokens of which nobody ever said that they are valid; the way
 * home to another server or board stays longest.
 */
function trimmed(kept: readonly FormerCredentials[]): readonly FormerCredentials[] {
  if (kept.length <= MOST_KEPT) return kept;
  const spare = kept.findLast(({ reason }) => reason === "reset" || reason === "revoked");
  const unproven = kept.findLast(({ reason }) => reason === "unproven");
  return kept.filter((held) => held !== (spare ?? unproven ?? kept.at(-1)));
}

const rebind = (identity: Identity, fingerprint: Fingerprint | null): Identity => ({
  ...identity,
  claim: identity.claim && { ...identity.claim, fingerprint },
  active: identity.active && { ...identity.active, fingerprint },
});
