import type { SessionStore, StoredSession } from "../dtls/sessions.ts";
import { isJsonObject } from "../json.ts";
import type { Journal, Json } from "../ports.ts";

export type Notes = Pick<Journal, "note" | "noted">;

const NOTE = "dtls";

/** In the journal, whose files are 0600: it is written with the samples, and costs no write of its own. */
export const sessionIn = (journal: Notes): SessionStore => ({
  load() {
    const noted = journal.noted(NOTE);
    return isStoredSession(noted) ? noted : null;
  },
  save: (stored) => journal.note(NOTE, stored && { ...stored }),
});

function isStoredSession(noted: Json | null): noted is Json & StoredSession {
  if (!isJsonObject(noted)) return false;
  const { binding, address, session, notAfterMs } = noted;
  const texts = [binding, address, session];
  return texts.every((text) => typeof text === "string") && typeof notAfterMs === "number";
}
