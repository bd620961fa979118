import { formatProblem, type Problem } from "../config/problem.ts";
import type { Standing } from "../standing.ts";
import type { LoadedConfig } from "./load-config.ts";

const concern = { name: "config", code: "P050", fix: "pipit config check" };

/** Something that the operator wrote does not count: that stands until it is corrected. */
export function sayDegraded(
  { degraded, problems, source }: LoadedConfig,
  standing: Standing,
): void {
  if (!degraded) {
    standing.clear(concern.name);
    return;
  }
  const errors = problems.filter(({ severity }) => severity === "error");
  const [first = ""] = errors.slice(0, 1).map((problem) => formatProblem(problem).split("\n")[0]);
  const more = errors.length > 1 ? `, and ${errors.length - 1} more` : "";
  const head = source === "last-good" ? "the last good configuration is in use: " : "";
  standing.raise({ ...concern, text: `${head}${first}${more}` });
}

const exposure = { name: "exposed", code: "P055" };

/** A secret in a file that others may read, until that is mended. */
export function sayExposed(problems: readonly Problem[], standing: Standing): void {
  const [first] = problems.filter(({ exposesSecret }) => exposesSecret);
  if (first === undefined) {
    standing.clear(exposure.name);
    return;
  }
  const [text = "", fix = ""] = formatProblem({ ...first, place: null }).split("; run: ");
  standing.raise({ ...exposure, text, fix });
}

export const sayRefused = (standing: Standing): void =>
  standing.raise({
    ...concern,
    text: "the configuration was changed, and the change is not in use: it has errors",
  });
