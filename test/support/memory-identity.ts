import type { Identity } from "../../agent/credentials.ts";
import type { IdentityStore } from "../../agent/ports.ts";

export const emptyIdentity: Identity = { claim: null, active: null, kept: [] };

/** An identity that lives as long as the test; every content it ever had is in `saved`. */
export function memoryIdentity(initial: Identity = emptyIdentity) {
  const saved: Identity[] = [];
  let current = initial;
  const store: IdentityStore = {
    load: () => current,
    save(identity) {
      current = identity;
      saved.push(identity);
    },
  };
  return { store, saved, now: () => current };
}
