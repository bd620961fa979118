import { AgentError } from "../errors.ts";
import type { Readings } from "../ports.ts";
import { errnoOf } from "./errno.ts";
import { decodeAnswer } from "./intake-protocol.ts";

const LIMIT_MS = 10_000;

/**
 * Hands readings to the agent that listens at `path`; resolves when it has accepted them.
 * @throws AgentError `transient` when it cannot be reached, or `refused` with its own words
 */
export async function publishTo(path: string, readings: Readings): Promise<void> {
  const { connect } = await import("node:net");
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(path);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const [line, rest] = text.split("\n", 2);
    if (rest !== undefined && line !== undefined) resolve(line);
  });
  socket.setTimeout(LIMIT_MS, () => reject(gone(path, `no answer within ${LIMIT_MS / 1000} s`)));
  socket.once("error", (error) => reject(gone(path, errnoOf(error) ?? error.message)));
  socket.once("close", () => reject(gone(path, "closed without an answer")));
  socket.write(`${JSON.stringify({ readings })}\n`);
  try {
    const error = decodeAnswer(await promise);
    if (error !== null) throw refusal(error);
  } finally {
    socket.destroy();
  }
}

/** What the agent may take a moment later is temporary; what it will never take is not. */
function refusal(error: string): AgentError {
  const temporary = /^(too many|the agent is)/.test(error);
  return new AgentError(temporary ? "transient" : "refused", `the agent says: ${error}`);
}

function gone(path: string, reason: string): AgentError {
  const denied = reason === "EACCES" || reason === "EPERM";
  const hint = denied
    ? "join the group: sudo usermod -aG pipit $USER, then log in anew"
    : "does the agent run? systemctl status pipit; another socket: --socket PATH";
  return new PublishError(`${path}: ${reason}`, hint, denied ? "permission" : "unreachable");
}

/** Like the failures of the way to the server, with an exit code of its own. */
export class PublishError extends AgentError {
  readonly failure: "permission" | "unreachable";
  constructor(message: string, hint: string, failure: "permission" | "unreachable") {
    super("transient", message, { hint });
    this.failure = failure;
  }
}
