import {
  type Credentials,
  type Fingerprint,
  type FormerCredentials,
  hasToken,
  type Identity,
  proofOf,
} from "../credentials.ts";
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
  /** The certificate that the operator has handed over, PEM: nothing else is used beside it. Null: none. */
  readonly handedCertificate: string | null;
  /** A certificate can be shown there: by coaps:// alone. */
  readonly showsCertificates: boolean;
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

/**
 * A login that is about to be asked for, or is to replace the one in use: until the server knows it, it proves nothing. What was
 * claimed before it may have become a device, and is kept.
 */
export const withClaim = (identity: Identity, claimed: Credentials): Identity => {
  const { claim, kept } = identity;
  const displaced = claim !== null && proofOf(claim) !== proofOf(claimed);
  return { ...identity, claim: claimed, kept: displaced ? keep(kept, claim, "unproven") : kept };
};

/** The new credentials in, the old ones aside, in one step: no moment has neither. */
export const activated = (identity: Identity, credentials: Credentials): Identity => {
  const { active, kept } = identity;
  const replaced = active !== null && proofOf(active) !== proofOf(credentials);
  const former = kept.filter((held) => proofOf(held) !== proofOf(credentials));
  return {
    claim: null,
    active: credentials,
    kept: replaced ? keep(former, active, "reset") : former,
  };
};

/** A token that came although a certificate was asked for: nobody can ask for it again. */
export const withTokenForLater = (identity: Identity, credentials: Credentials): Identity => ({
  ...identity,
  kept: keep(identity.kept, credentials, "login"),
});

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

const fits = (held: Credentials, here: Here): boolean =>
  held.server === here.server && isSameBoard(held.fingerprint, here.board) && isUsable(held, here);

/** A certificate that was handed over counts alone; one that was taken back left no key behind. */
const isUsable = (held: Credentials, { handedCertificate, showsCertificates }: Here): boolean =>
  handedCertificate === null
    ? hasToken(held) || (held.key !== null && showsCertificates)
    : proofOf(held) === handedCertificate;

function setForeignAside({ active, claim, kept }: Identity, here: Here): Identity {
  const activeFits = active !== null && fits(active, here);
  const claimFits = claim !== null && fits(claim, here);
  let former = kept;
  // A claim of another server or board may have become a device there.
  if (claim && !claimFits) former = keep(former, claim, "unproven");
  if (active && !activeFits) {
    former = keep(former, active, whyAside(active, here));
  }
  return {
    claim: claimFits ? claim : null,
    active: activeFits ? active : null,
    kept: former,
  };
}

const whyAside = (held: Credentials, here: Here): FormerCredentials["reason"] => {
  if (held.server !== here.server) return "server";
  return isSameBoard(held.fingerprint, here.board) ? "login" : "board";
};

/** A server or board that comes back still has its device: asking anew would only find the name taken. */
function takeBack(identity: Identity, here: Here): Identity {
  if (identity.active) return identity;
  const back = identity.kept.find(
    (held) => fits(held, here) && ["server", "board", "login", "unproven"].includes(held.reason),
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
): readonly FormerCredentials[] => {
  // What the operator has handed over is in a file of the operator's, and must not push out what is nowhere else.
  if (!hasToken(former) && former.key === null) return kept;
  const others = kept.filter((held) => proofOf(held) !== proofOf(former));
  return trimmed([{ ...former, reason }, ...others]);
};

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
