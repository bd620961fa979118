/** Where in a file a problem is; line and column count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  /** The part of the line that may be printed, "" for nothing: a secret is never in it. */
  readonly excerpt: string;
  /** What the caret underlines: from this index of the excerpt on, so many characters. */
  readonly caret: number;
  readonly width: number;
}

export interface Problem {
  /** An error degrades the agent, a warning does not. */
  readonly severity: "error" | "warning";
  /** A file, or "environment", "command line", "credential pipit.provision-key". */
  readonly source: string;
  readonly place: Place | null;
  /** "<what>; <what to do>" */
  readonly message: string;
  /** A secret lies open to others: that stands for as long as it is so. */
  readonly exposesSecret?: true;
}

const LONGEST_EXCERPT = 100;

/** A terminal must not obey what a file contains. Every replacement is one character wide. */
export const printable = (text: string): string =>
  text.replace(/\t/g, " ").replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "\uFFFD");

/** A token may have been pasted along with a URL: nothing before "@" or after the host is printed. */
export const hideUrlSecrets = (text: string): string =>
  text
    .replace(/(\w:\/\/)[^\s"'/]*@/g, "$1…@")
    .replace(/(\w:\/\/[^\s"'/?#]*)[/?#][^\s"']+/g, "$1/…");

/**
 * One problem as the operator sees it, without a newline at the end:
 *
 *     /etc/pipit/pipit.toml:14: unknown setting "intervall" in [telemetry]; did you mean "interval"?
 *        14 | intervall = "30s"
 *           | ^^^^^^^^^
 */
export function formatProblem({ source, place, message }: Problem): string {
  const where = place === null ? source : `${source}:${place.line}`;
  const head = `${printable(where)}: ${hideUrlSecrets(printable(message))}`;
  if (place === null || place.excerpt === "") return head;
  const full = hideUrlSecrets(printable(place.excerpt)).trimEnd();
  const shown = full.length > LONGEST_EXCERPT ? `${full.slice(0, LONGEST_EXCERPT - 1)}…` : full;
  const number = String(place.line).padStart(5);
  const start = Math.min(place.caret, shown.length);
  const width = Math.max(1, Math.min(place.width, shown.length - start));
  const gutter = " ".repeat(number.length);
  return `${head}\n${number} | ${shown}\n${gutter} | ${" ".repeat(start)}${"^".repeat(width)}`;
}

const counted = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** "0 errors, 1 warning" */
export function countProblems(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === "error").length;
  return `${counted(errors, "error")}, ${counted(problems.length - errors, "warning")}`;
}
