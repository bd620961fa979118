/** Shorter ones occur in innocent text, "1" on every line. ThingsBoard's own have 20 characters. */
const SHORTEST_REDACTED = 8;

/** The secrets that this process knows, so that none of its output shows one, whoever put it there. */
export interface Secrets {
  /** From now on this value is written as "(secret)"; one of under 8 characters is not. */
  protect(secret: string): void;
  redact(text: string): string;
}

export function createSecrets(): Secrets {
  let spellings: readonly string[] = [];
  return {
    protect(secret) {
      if (secret.length < SHORTEST_REDACTED || spellings.includes(secret)) return;
      // Longest first: of a secret that holds another one, nothing may be left over.
      spellings = [...new Set([...spellings, ...spellingsOf(secret)])].sort(
        (a, b) => b.length - a.length,
      );
    },
    redact: (text) =>
      spellings.reduce((clean, spelling) => clean.replaceAll(spelling, "(secret)"), text),
  };
}

/** As it is, as JSON quotes it in a server's answer, as a URL carries it. */
const spellingsOf = (secret: string): readonly string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret.toWellFormed()),
];
