import { countProblems, formatProblem } from "../config/problem.ts";
import { standingWarnings } from "../config/standing-warnings.ts";
import { certificateProblems } from "./certificate-files.ts";
import type { Command } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { missingServer } from "./load-config.ts";
import { readConfig } from "./read-config.ts";

/** A warning, so that --strict refuses it: no image for a field is built with it. */
const unverified = {
  severity: "warning",
  source: "server.insecure_skip_verify",
  place: null,
  message: "no server is verified; set it to false, and give the server's authority as ca_file",
} as const;

export const configCheck: Command = {
  name: "config check",
  summary: "all problems of the configuration, each with its line and its fix",
  options: { strict: { type: "boolean", help: "warnings count as errors" } },
  async run({ shell, options }) {
    const read = await readConfig(shell, options);
    const problems = [...read.problems];
    const fatal = missingServer(read);
    if (fatal !== null && !fatal.reported) {
      const message = `${fatal.error.message}; ${fatal.error.hint}`;
      problems.push({ severity: "error", source: "server.url", place: null, message });
    }
    // Here the problems are the answer, so they go to stdout.
    if (read.config.server.insecure_skip_verify) problems.push(unverified);
    problems.push(...certificateProblems(read.config, Date.now()));
    for (const problem of problems) shell.out(formatProblem(problem));
    for (const warning of standingWarnings(read.config)) shell.err(`note: ${warning}`);
    shell.out(countProblems(problems));
    const failed = problems.some(
      ({ severity }) => severity === "error" || options["strict"] === true,
    );
    return failed ? EXIT.no : EXIT.ok;
  },
};
