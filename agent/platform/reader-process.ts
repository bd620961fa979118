import { constants, promises } from "node:fs";
import { join } from "node:path";
import { AgentError } from "../errors.ts";
import { resolveBelow } from "./below-root.ts";
import { errnoOf } from "./errno.ts";
import {
  decodeRequest,
  encodeLine,
  lineSplitter,
  READY_ID,
  type ReaderAnswer,
  type ReaderRequest,
} from "./reader-protocol.ts";
import { killPrograms, runProgram } from "./run-program.ts";

/** More is neither a value nor a small JSON document. */
const MOST_BYTES = 64 * 1024;

/**
 * The child's side: answers requests on standard input until that ends, which it does when the agent is gone. A read that
 * hangs is not ours to end: the agent kills this process.
 */
export function serveReader(root: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const answer = (message: ReaderAnswer) => void process.stdout.write(encodeLine(message));
  const split = lineSplitter((line) => {
    const request = decodeRequest(line);
    if (request === null) throw new Error(`not a request of the agent: ${line.slice(0, 100)}`);
    void answerTo(request, root).then(answer);
  });
  process.stdin.setEncoding("utf8").on("data", split);
  const end = () => {
    killPrograms();
    resolve();
  };
  process.stdin.once("end", end).once("error", end);
  process.stdout.once("error", end);
  answer({ id: READY_ID, text: "" });
  return promise;
}

async function answerTo(request: ReaderRequest, root: string): Promise<ReaderAnswer> {
  const { id } = request;
  try {
    if ("run" in request) return { id, text: await runProgram(request.run, request.timeoutMs) };
    return { id, text: await readText(join(root, resolveBelow(root, request.read))) };
  } catch (error) {
    if (error instanceof AgentError)
      return { id, error: error.message, ...(error.hint ? { hint: error.hint } : {}) };
    const code = errnoOf(error);
    const message = error instanceof Error ? error.message : String(error);
    return { id, error: message, ...(code === undefined ? {} : { code }) };
  }
}

/** Blocking, unlike the agent's own reads: whoever waits for a device that is slow to answer wants its answer. */
async function readText(path: string): Promise<string> {
  await using file = await promises.open(path, constants.O_RDONLY);
  const buffer = Buffer.allocUnsafe(MOST_BYTES);
  let filled = 0;
  while (filled < MOST_BYTES) {
    const { bytesRead } = await file.read(buffer, filled, MOST_BYTES - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.toString("utf8", 0, filled);
}
