import { type ChildProcess, spawn } from "node:child_process";
import { AgentError } from "../errors.ts";
import { errnoOf } from "./errno.ts";
import { CHILD_ENVIRONMENT } from "./inventory-child.ts";
import { printable } from "./printable.ts";

/** A program that says more is not a sensor. */
const MOST_BYTES = 64 * 1024;
const LONGEST_COMPLAINT = 100;

/** Groups of programs that run now: whoever ends this process ends them first. */
const running = new Set<ChildProcess>();

/**
 * Standard output of a program that is run without a shell, in a process group of its own, which is killed whole after
 * `timeoutMs`, at 64 KiB of output, and when the program itself has ended: what it left running is not waited for.
 * @throws AgentError `sensor`: not to be started, exit status, killed, too much output
 */
export async function runProgram(argv: readonly string[], timeoutMs: number): Promise<string> {
  const [file = "", ...args] = argv;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(file, args, {
    detached: true, // a process group of its own
    stdio: ["ignore", "pipe", "pipe"],
    cwd: "/",
    env: CHILD_ENVIRONMENT,
  });
  running.add(child);
  const fail = (message: string, hint?: string) =>
    reject(new AgentError("sensor", `${file}: ${message}`, hint === undefined ? {} : { hint }));
  const output: Buffer[] = [];
  let bytes = 0;
  let complaint = "";
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) fail(`more than ${MOST_BYTES / 1024} KiB of output`);
    else output.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    if (complaint.length < LONGEST_COMPLAINT) complaint += chunk.toString("utf8");
  });
  child.once("error", (error) => fail(errnoOf(error) ?? error.message, hintFor(errnoOf(error))));
  child.once("exit", (code, signal) => {
    if (code === 0) {
      // What is in the pipe has been written before the exit; a grandchild may hold the pipe open for ever.
      const end = () => resolve(Buffer.concat(output).toString("utf8"));
      const late = setTimeout(end, DRAIN_MS);
      child.stdout.once("end", () => {
        clearTimeout(late);
        end();
      });
      return;
    }
    const [first = ""] = complaint.split("\n", 1);
    const said = first === "" ? "" : `: ${printable(first.slice(0, LONGEST_COMPLAINT))}`;
    fail(signal === null ? `exit status ${code}${said}` : `ended by ${signal}${said}`);
  });
  const timer = setTimeout(
    () => fail(`not done after ${timeoutMs} ms`, "raise its timeout in [[sensors]]"),
    timeoutMs,
  );
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    killGroup(child);
    child.stdout.destroy();
    child.stderr.destroy();
    running.delete(child);
  }
}

/** How long output may come in after the program's end. */
const DRAIN_MS = 100;

/** Ends everything that was started and has not ended. */
export function killPrograms(): void {
  for (const child of running) killGroup(child);
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return; // it was never started
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // ESRCH: all of it has ended. EPERM: only processes of another user are left in the group.
    if (errnoOf(error) !== "ESRCH" && errnoOf(error) !== "EPERM") throw error;
  }
}

function hintFor(code: string | undefined): string | undefined {
  if (code === "ENOENT") return "is the path right, and the interpreter in its first line?";
  if (code === "EACCES") return "make it executable for user pipit: chmod 755";
  return undefined;
}
