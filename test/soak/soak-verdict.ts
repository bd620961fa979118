import type { Look } from "./look.ts";

export interface Line {
  readonly what: string;
  /** Medians of the calm before, and of the end of the calm after it. */
  readonly before: string;
  readonly after: string;
  readonly found: string;
  readonly limit: string;
  readonly kept: boolean;
}

export interface Account {
  /** Handed in by a program, and acknowledged: on the disk. */
  readonly accepted: number;
  /** Neither with the server nor waiting. */
  readonly lost: number;
  /** 0, or what else it has ended with after SIGTERM. */
  readonly exit: number | string;
}

/** V8 collects when it sees fit: so much comes and goes in a process that keeps nothing. */
const MOST_GROWTH_MB = 2;

/** What has stayed of the weather between two calms. @throws Error when there are no looks at one of them */
export function judge(looks: readonly Look[], account: Account): readonly Line[] {
  const [first] = looks;
  const last = looks.at(-1);
  if (!first || !last) throw new Error("nobody has looked");
  const before = looks.filter(({ weather }) => weather === first.weather);
  const again = looks.filter(({ weather }) => weather === last.weather);
  // What waited has left by then.
  const after = again.slice(Math.floor(again.length / 2));
  if (before.length < 3 || after.length < 3 || first.weather === last.weather)
    throw new Error("too short: three looks at the calm before and three at the calm after");
  const reports = middle(after, "reports") - middle(before, "reports");
  const grown = (what: string, of: "rssAnonMb" | "heapMb"): Line => {
    const [from, to] = [middle(before, of), middle(after, of)];
    return {
      ...{ what, before: `${from.toFixed(1)} MB`, after: `${to.toFixed(1)} MB` },
      found: `${(to - from).toFixed(1)} MB, ${Math.round(((to - from) * 1e6) / reports)} B a report`,
      ...{ limit: `${MOST_GROWTH_MB} MB`, kept: to - from <= MOST_GROWTH_MB },
    };
  };
  const same = (what: string, of: "descriptors" | "threads"): Line => {
    const [from, to] = [middle(before, of), middle(after, of)];
    const numbers = { before: String(from), after: String(to), found: String(to - from) };
    return { what, ...numbers, limit: "0", kept: to <= from };
  };
  const only = (what: string, found: number | string, limit: string): Line => {
    return {
      what,
      before: "",
      after: "",
      found: String(found),
      limit,
      kept: String(found) === limit,
    };
  };
  return [
    grown("RssAnon", "rssAnonMb"),
    grown("pages of V8's heap", "heapMb"),
    same("descriptors", "descriptors"),
    same("threads", "threads"),
    only(
      "looks that saw a child process",
      looks.filter(({ children }) => children > 0).length,
      "0",
    ),
    only(`samples lost, of ${account.accepted}`, account.lost, "0"),
    only("exit code after SIGTERM", account.exit, "0"),
  ];
}

/** A leak of less a report would not show in a run of so many. */
export const leastLeak = (looks: readonly Look[]): number => {
  const reports = (looks.at(-1)?.reports ?? 0) - (looks[0]?.reports ?? 0);
  return Math.ceil((MOST_GROWTH_MB * 1e6) / Math.max(1, reports));
};

export function tableOf(lines: readonly Line[]): string {
  const rows = lines.map(({ what, before, after, found, limit, kept }) => [
    ...[what, before, after, found, limit, kept ? "kept" : "BROKEN"],
  ]);
  return [["", "calm", "calm again", "found", "at most", ""], ...rows]
    .map(([name = "", ...cells]) =>
      [name.padEnd(32), ...cells.map((cell) => cell.padStart(24))].join("").trimEnd(),
    )
    .join("\n");
}

function middle(looks: readonly Look[], of: keyof Look): number {
  const values = looks.map((look) => Number(look[of])).toSorted((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? Number.NaN;
}
