import { chmodSync, lstatSync, unlinkSync } from "node:fs";
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
export function createIntake(options: IntakeOptions): Intake &
  AsyncDisposable & {
    /** Resolves when it listens, or has said why it cannot. */
    settled(): Promise<void>;
  } {
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
    async settled() {
      await opened;
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
  const isSocket = () => lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;
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
  /** A socket that nobody listens at was left behind by an agent that was killed. Anything else is not ours to take. */
  const isAbandoned = () =>
    new Promise<boolean>((resolve) => {
      const probe = connect(path);
      probe.once("connect", () => {
        probe.destroy();
        resolve(false);
      });
      probe.once("error", (error) => resolve(errnoOf(error) === "ECONNREFUSED"));
    });
  try {
    const server = await attempt().catch(async (error: unknown) => {
      if (errnoOf(error) !== "EADDRINUSE" || !isSocket() || !(await isAbandoned())) throw error;
      unlinkSync(path);
      return attempt();
    });
    chmodSync(path, 0o660);
    return server;
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    const hint =
      code === "EADDRINUSE"
        ? "another agent listens there, or something else is in its place"
        : `look at the folder of ${path}`;
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
  const answer = (error: string | null) => {
    if (!socket.destroyed) socket.write(encodeAnswer(error));
  };
  const tooLong = () => {
    answer(`a message of more than ${LONGEST_LINE / 1024} KiB; send less at a time`);
    socket.destroySoon();
  };
  const take = async (line: string) => {
    try {
      // Before it is parsed: what is refused for being too much must cost little.
      if (!bucket())
        throw new AgentError(
          "transient",
          `too many messages, at most ${MESSAGES_PER_S} a second; put readings together, or wait`,
        );
      await handle(decodePublished(line));
      answer(null);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      answer(error.message);
    }
  };
  const takeAll = async (lines: readonly string[]) => {
    for (const line of lines) {
      if (line.length > LONGEST_LINE) return tooLong();
      await take(line);
      // Who floods without reading the answers waits for them, too.
      if (socket.writableNeedDrain) await drained(socket);
    }
  };
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on("error", (error) => log.debug("connection", { error: error.message }));
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    const parts = rest.length > LONGEST_LINE ? [...lines, rest] : lines;
    if (parts.length === 0) return;
    // No more is read until these are answered: a sender that is faster than the disk waits, not the memory.
    socket.pause();
    void takeAll(parts).then(() => socket.resume());
  });
}

/** Until the other side has read what was written, or is gone. */
const drained = (socket: Socket) =>
  new Promise<void>((resolve) => {
    const over = () => {
      socket.off("drain", over).off("close", over);
      resolve();
    };
    socket.on("drain", over).on("close", over);
  });

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
