import type { Server, Socket } from "node:net";
import { AgentError } from "../errors.ts";
import type { Clock, Intake, Logger, Readings } from "../ports.ts";
import { errnoOf } from "./errno.ts";
import { decodePublished, encodeAnswer, LONGEST_LINE } from "./intake-protocol.ts";

export interface IntakeOptions {
  /** "/run/pipit/publish.sock" */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
}

const MOST_CONNECTIONS = 32;
const IDLE_MS = 30_000;
/** Of all senders together: a loop gone wild must not wear the card, nor crowd out the board's own readings. */
const MESSAGES_PER_S = 20;
const BURST = 100;

type Accept = (readings: Readings) => Promise<void>;

/** The Unix stream socket over which programs of this board hand in readings (docs/publish.md). */
export function createIntake(options: IntakeOptions): Intake & AsyncDisposable {
  const { clock } = options;
  let opened: Promise<Server | null> | null = null;
  let accept: Accept | null = null;
  const bucket = createBucket(clock);

  const handle: Accept = async (readings) => {
    if (accept === null) throw new AgentError("transient", "the agent is reloading; try again");
    await accept(readings);
  };
  return {
    serve(given) {
      accept = given;
      opened ??= listen(options, (socket) => converse(socket, { handle, bucket, ...options }));
      return {
        [Symbol.dispose]() {
          if (accept === given) accept = null;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      accept = null;
      const server = await opened;
      await new Promise<void>((resolve) => {
        if (!server) return resolve();
        server.close(() => resolve());
        for (const socket of socketsOf(server)) socket.destroy();
      });
    },
  };
}

const open = new WeakMap<Server, Set<Socket>>();
const socketsOf = (server: Server): ReadonlySet<Socket> => open.get(server) ?? new Set();

/** Null when there can be no socket: the agent goes on without, and says so. */
async function listen(
  { path, log }: IntakeOptions,
  onConnection: (socket: Socket) => void,
): Promise<Server | null> {
  const { createServer, connect } = await import("node:net");
  const { chmod, unlink } = await import("node:fs/promises");
  const attempt = () =>
    new Promise<Server>((resolve, reject) => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
        onConnection(socket);
      });
      server.maxConnections = MOST_CONNECTIONS;
      server.once("error", reject);
      server.listen(path, () => {
        open.set(server, sockets);
        server.off("error", reject);
        server.on("error", (error) => log.warn("socket", { error: error.message }));
        resolve(server);
      });
    });
  /** Somebody answers there: it is not ours to take. */
  const isAlive = () =>
    new Promise<boolean>((resolve) => {
      const probe = connect(path);
      probe.once("connect", () => resolve(true)).once("error", () => resolve(false));
      probe.once("connect", () => probe.destroy());
    });
  try {
    const server = await attempt().catch(async (error: unknown) => {
      if (errnoOf(error) !== "EADDRINUSE" || (await isAlive())) throw error;
      await unlink(path); // left behind by an agent that was killed
      return attempt();
    });
    await chmod(path, 0o660);
    return server;
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    const hint =
      code === "EADDRINUSE" ? "another agent listens there" : `look at the folder of ${path}`;
    log.warn("programs cannot hand in readings, there is no socket", { path, error: code, hint });
    return null;
  }
}

interface Conversation extends IntakeOptions {
  readonly handle: Accept;
  readonly bucket: () => boolean;
}

/** Messages of one connection are answered in order, one at a time. */
function converse(socket: Socket, { handle, bucket, log }: Conversation): void {
  let rest = "";
  let last = Promise.resolve();
  const answer = (error: string | null) => {
    if (!socket.destroyed) socket.write(encodeAnswer(error));
  };
  const take = async (line: string) => {
    try {
      const readings = decodePublished(line);
      if (!bucket())
        throw new AgentError(
          "transient",
          `too many messages, at most ${MESSAGES_PER_S} a second; put readings together, or wait`,
        );
      await handle(readings);
      answer(null);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      answer(error.message);
    }
  };
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on("error", (error) => log.debug("connection", { error: error.message }));
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) last = last.then(() => take(line));
    if (rest.length <= LONGEST_LINE) return;
    answer(`a message of more than ${LONGEST_LINE / 1024} KiB; send less at a time`);
    socket.destroySoon();
  });
}

/** A token bucket on the monotonic clock: true when one more message is within the limit. */
function createBucket(clock: Clock): () => boolean {
  let tokens = BURST;
  let lastMs = clock.monotonic();
  return () => {
    const nowMs = clock.monotonic();
    tokens = Math.min(BURST, tokens + ((nowMs - lastMs) * MESSAGES_PER_S) / 1000);
    lastMs = nowMs;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
}
