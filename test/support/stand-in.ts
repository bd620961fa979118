import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { SandboxOptions } from "../../agent/sandbox/sandbox.ts";

export interface StandIn {
  /** Resolves when it has stored each of these under the key "n", whatever else. */
  stored(...values: readonly number[]): Promise<void>;
  /** No goodbye to anybody. */
  kill(): Promise<void>;
}

export interface StandInOptions {
  readonly sandbox: SandboxOptions;
  /** Written when it listens. */
  readonly caFile: string;
  readonly device: string;
  readonly token: string;
  /** What it is started through. */
  readonly through: readonly string[];
}

const program = join(import.meta.dirname, "stand-in-program.ts");

/** The stand-in server in a process of its own; killed with the test at the latest. */
export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  const { sandbox, caFile, device, token, through } = options;
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", program];
  const args = [JSON.stringify(sandbox), caFile, device, token];
  const [command = "", ...rest] = [...through, ...node, ...args];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
  const gone = once(child, "exit");
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  let wake = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      wake.resolve();
      wake = Promise.withResolvers();
    });
  let isGone = false;
  void gone.then(() => {
    isGone = true;
    wake.resolve();
  });
  const until = async (done: () => boolean) => {
    while (!done()) {
      if (isGone) throw new Error(`the stand-in has ended; it said:\n${text}`);
      await wake.promise;
    }
  };
  const lastStored = (): readonly unknown[] => {
    const line = text.split("\n").findLast((each) => each.startsWith("[") && each.endsWith("]"));
    return line === undefined ? [] : JSON.parse(line);
  };
  await until(() => text.includes("ready\n"));
  return {
    stored: (...values) => until(() => values.every((value) => lastStored().includes(value))),
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
