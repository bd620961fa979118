import { times } from "./markdown.ts";
import { type PeerLine, type PeerName, peerLabels } from "./peers-table.ts";
import type { Noise } from "./statistics.ts";

/** By how much Pipit takes less, more, or what nobody can tell apart. */
export interface Standing {
  readonly where: "ahead" | "behind" | "level";
  /** The larger of the two by the smaller. */
  readonly ratio: number;
}

/** `toPipit`: what another takes, as a multiple of what Pipit takes; `noise`: of that. */
export function standingOf(toPipit: number, noise: Noise): Standing {
  const ratio = Math.max(toPipit, 1 / toPipit);
  if (Math.abs(toPipit - 1) <= (noise ?? 0)) return { where: "level", ratio };
  return { where: toPipit > 1 ? "ahead" : "behind", ratio };
}

export const inWords = ({ where, ratio }: Standing): string =>
  where === "behind" ? `**behind**, ${times(ratio)}` : `${where}, ${times(ratio)}`;

export interface Standings {
  readonly name: PeerName;
  readonly label: string;
  readonly cpu: Standing;
  readonly rssAnon: Standing;
  readonly rss: Standing;
}

/** Pipit against each of the others. @throws Error: it was not measured itself */
export function standings(lines: readonly PeerLine[]): readonly Standings[] {
  const pipit = lines.find(({ name }) => name === "pipit");
  if (pipit === undefined) throw new Error("there is no line of Pipit");
  return lines
    .filter((line) => line !== pipit)
    .map(({ name, toPipit, noise, memory }) => ({
      ...{ name, label: peerLabels[name] },
      cpu: standingOf(toPipit, noise),
      rssAnon: standingOf(memory.rssAnonMb / pipit.memory.rssAnonMb, 0),
      rss: standingOf(memory.rssMb / pipit.memory.rssMb, 0),
    }));
}

/** "collectd (1.45 x); shell loop (3.70 x)"; "nobody". */
export function behindWhom(all: readonly Standings[], what: "cpu" | "rssAnon" | "rss"): string {
  const names = all
    .filter(({ [what]: { where } }) => where === "behind")
    .map(({ label, [what]: { ratio } }) => `${label} (${times(ratio)})`);
  return names.length === 0 ? "nobody" : names.join("; ");
}
