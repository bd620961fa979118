import { type Config, findSetting } from "../config/config.ts";

/**
 * "3f2a-91c0": equal on two boards with equal settings, so that a fleet shows who still runs the old ones. Secrets are
 * left out. FNV-1a of 32 bits; the dash keeps it a text on the server, where "00129174" would become a number.
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function configHash(config: Config): string {
  const shown = Object.entries(config).map(([section, settings]) => [
    section,
    Object.entries(settings).filter(([name]) => !findSetting(section, name)?.secret),
  ]);
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(JSON.stringify(shown))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, "0").replace(/^.{4}/, "$&-");
}
