import { AgentError } from "../errors.ts";
import { printable } from "../platform/printable.ts";
import { type Shell, UsageError } from "./command.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { withSeverity } from "./severity.ts";

/**
 * The errors behind one, in the order to tell them: what ended the command first. `using` wraps an error that was
 * under way when disposing failed as well; what has a name of its own comes before what nobody foresaw.
 */
export function errorsIn(error: unknown): readonly [unknown, ...unknown[]] {
  const [first, ...rest] = inOrderOfTime(error);
  const decisive = [first, ...rest].find(isForeseen) ?? first;
  return [decisive, ...[first, ...rest].filter((one) => one !== decisive)];
}

function inOrderOfTime(error: unknown): readonly [unknown, ...unknown[]] {
  if (!(error instanceof SuppressedError)) return [error];
  const [first, ...rest] = inOrderOfTime(error.suppressed);
  return [first, ...rest, ...inOrderOfTime(error.error)];
}

const isForeseen = (error: unknown): error is UsageError | AgentError =>
  error instanceof UsageError || (error instanceof AgentError && error.kind !== "bug");

/**
 * What went wrong and what to do about it; a stack only for what nobody foresaw. A message may hold what a server said:
 * `redact` takes the secrets out of it, and no control character reaches the terminal.
 */
export function explain(error: unknown, redact: (text: string) => string): readonly string[] {
  const clean = (text: string) => printable(redact(text));
  if (!isForeseen(error)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const [first = "", ...rest] = redact(stack).split("\n").map(printable);
    return [`pipit: a bug: ${first}`, ...rest, "       please report it with the lines above"];
  }
  const message = `pipit: ${clean(error.message)}`;
  if (error instanceof UsageError) return [message];
  const code = error.code ? `  ${error.code}` : "";
  return [`${message}${code}`, ...(error.hint ? [`       ${clean(error.hint)}`] : [])];
}

/** All that an error has to say, on stderr, and the exit code that it means. */
export function tellError(error: unknown, shell: Shell): number {
  const errors = errorsIn(error);
  const lines = errors.flatMap((one) => explain(one, shell.secrets.redact));
  for (const line of lines) shell.err(withSeverity(shell, "error", line));
  return exitCodeOf(errors[0]);
}
