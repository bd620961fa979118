import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { backoffMs } from "../backoff.ts";
import { AgentError } from "../errors.ts";
import type { Clock, Logger } from "../ports.ts";
import type { ReaderChild } from "../sensor-ports.ts";
import { CHILD_ENVIRONMENT } from "./inventory-child.ts";
import type { Program } from "./own-program.ts";
import {
  decodeAnswer,
  encodeLine,
  lineSplitter,
  READY_ID,
  type ReaderAnswer,
  type ReaderRequest,
} from "./reader-protocol.ts";

export interface ReaderChildOptions {
  /** How to start the child's side. */
  readonly program: Program;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A small board that is busy takes its time to start a child; no call pays for that with its own. */
const START_MS = 20_000;
/** Beyond its own limit a program gets this for its end to arrive. */
const GRACE_MS = 1_000;
/** A process that outlives SIGKILL by so long is in uninterruptible sleep. */
const DEATH_MS = 500;
/** So many may be left behind; then nothing is read in a child any more. */
const MOST_LEFT_BEHIND = 2;
const RESTART = { baseMs: 1_000, maxMs: 300_000 };

interface Call {
  readonly request: ReaderRequest;
  readonly timeoutMs: number;
  readonly settle: PromiseWithResolvers<string>;
  timer: Disposable;
  /** It was in a child that ended by itself: perhaps over this very call. */
  repeated: boolean;
}

/** One child at a time, started by the first call and again after its end. */
function createChild({ program, clock, log }: ReaderChildOptions) {
  const calls = new Map<number, Call>();
  let child: Promise<ChildProcessWithoutNullStreams> | null = null;
  let leftBehind = 0;
  /** In a row, and by itself: what is killed over a call is started again at once. */
  let deaths = 0;
  const killed = new WeakMap<ChildProcessWithoutNullStreams, Promise<void>>();
  /** Resolves when the child listens; never when it ends before. */
  const ready = new WeakMap<ChildProcessWithoutNullStreams, Promise<void>>();
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  let disposed = false;

  const start = async (): Promise<ChildProcessWithoutNullStreams> => {
    const { spawn } = await import("node:child_process");
    const started = spawn(program.file, program.args, {
      stdio: "pipe",
      cwd: "/",
      env: CHILD_ENVIRONMENT,
    });
    const listens = Promise.withResolvers<void>();
    ready.set(started, listens.promise);
    const split = lineSplitter((line) => {
      const answer = decodeAnswer(line);
      if (answer === null) log.warn("reader says something odd", { line: line.slice(0, 100) });
      else if (answer.id === READY_ID) listens.resolve();
      else answered(answer);
    });
    started.stdout.setEncoding("utf8").on("data", split);
    started.stderr
      .setEncoding("utf8")
      .on("data", (text: string) => log.warn("reader complains", { text: text.slice(0, 500) }));
    // A write to a child that has just ended; its end is what counts.
    started.stdin.on("error", (error) => log.debug("reader is gone", { error: String(error) }));
    started.once("error", (error) => ended(started, String(error)));
    started.once("exit", (code, signal) =>
      ended(started, `ended by ${signal ?? `status ${code}`}`),
    );
    return started;
  };

  const answered = (answer: ReaderAnswer) => {
    const call = calls.get(answer.id);
    if (!call) return; // its time was over
    calls.delete(answer.id);
    call.timer[Symbol.dispose]();
    deaths = 0;
    if ("text" in answer) call.settle.resolve(answer.text);
    else if (answer.code !== undefined)
      call.settle.reject(Object.assign(new Error(answer.error), { code: answer.code }));
    else {
      const { error, hint } = answer;
      call.settle.reject(new AgentError("sensor", error, hint === undefined ? {} : { hint }));
    }
  };

  /** By itself, or killed over a call: the others are asked again in the next child. */
  const ended = (which: ChildProcessWithoutNullStreams, reason: string) => {
    void child?.then((current) => {
      if (current !== which) return;
      child = null;
      const isOurs = killed.has(which);
      if (!isOurs) {
        deaths++;
        notBeforeMs = clock.monotonic() + (deaths > 1 ? backoffMs(RESTART, deaths - 2, 1) : 0);
      }
      for (const call of [...calls.values()]) {
        if (disposed || "run" in call.request || (!isOurs && call.repeated))
          fail(call, new AgentError("sensor", `reader ${reason}`));
        else {
          call.repeated ||= !isOurs;
          askAgain(call);
        }
      }
    });
  };

  /** With all of its time: what it lost was not its own fault. */
  const askAgain = (call: Call) => {
    limit(call, START_MS + call.timeoutMs);
    void send(call).catch((error: Error) => fail(call, error));
  };

  const limit = (call: Call, ms: number) => {
    call.timer[Symbol.dispose]();
    call.timer = clock.after(ms, () => late(call));
  };

  const fail = (call: Call, error: Error) => {
    calls.delete(call.request.id);
    call.timer[Symbol.dispose]();
    call.settle.reject(error);
  };

  const send = async (call: Call): Promise<void> => {
    if (disposed) return fail(call, new AgentError("sensor", "the agent stops"));
    if (leftBehind >= MOST_LEFT_BEHIND)
      return fail(
        call,
        new AgentError("sensor", "two reads hang in the kernel, no third is begun"),
      );
    if (child === null && clock.monotonic() < notBeforeMs)
      return fail(call, new AgentError("sensor", "the reader ended, it is started again later"));
    child ??= start();
    const which = await child;
    await ready.get(which);
    if (!calls.has(call.request.id) || (await child) !== which) return;
    limit(call, call.timeoutMs);
    which.stdin.write(encodeLine(call.request));
  };

  const late = (call: Call) => {
    const { timeoutMs } = call;
    const error = new Error(`ETIMEDOUT: no answer within ${timeoutMs} ms`);
    fail(call, Object.assign(error, { code: "ETIMEDOUT" }));
    void kill();
  };

  const kill = async (): Promise<void> => {
    const which = await child;
    if (!which || which.exitCode !== null || which.signalCode !== null) return;
    const under = killed.get(which) ?? killNow(which);
    killed.set(which, under);
    await under;
  };

  /** Resolves when it is dead, or after half a second. */
  const killNow = async (which: ChildProcessWithoutNullStreams): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    which.once("exit", () => resolve());
    which.kill("SIGKILL");
    const timer = clock.after(DEATH_MS, () => {
      leftBehind++;
      which.once("exit", () => leftBehind--);
      which.unref();
      log.error("a read hangs in the kernel, its process is left behind", { pid: which.pid });
      ended(which, "hangs in the kernel");
      resolve();
    });
    await promise;
    timer[Symbol.dispose]();
  };

  const ask = (request: ReaderRequest, timeoutMs: number): Promise<string> => {
    const settle = Promise.withResolvers<string>();
    const timer = clock.after(START_MS + timeoutMs, () => late(call));
    const call: Call = { request, timeoutMs, settle, timer, repeated: false };
    calls.set(request.id, call);
    void send(call).catch((error: Error) => fail(call, error));
    return settle.promise;
  };

  return {
    ask,
    async dispose() {
      disposed = true;
      await kill();
    },
  };
}

/**
 * Everything that may hang happens in a child that is killed when it does: reads in one, programs in another, so that a
 * read which hangs does not orphan a program.
 */
export function createReaderChild(options: ReaderChildOptions): ReaderChild & AsyncDisposable {
  const [reads, programs] = [createChild(options), createChild(options)];
  const lanes = new Map<string, Promise<unknown>>();
  let nextId = 1;

  /** One at a time in a lane; its clock starts when its turn comes. */
  const inTurn = (lane: string, work: () => Promise<string>): Promise<string> => {
    const turn = (lanes.get(lane) ?? Promise.resolve()).then(work, work);
    lanes.set(lane, turn);
    return turn;
  };

  return {
    readFile: (path, { bus, timeoutMs }) =>
      inTurn(`bus ${bus}`, () => reads.ask({ id: nextId++, read: path }, timeoutMs)),
    run: (argv, { timeoutMs }) =>
      inTurn("programs", () =>
        programs.ask({ id: nextId++, run: argv, timeoutMs }, timeoutMs + GRACE_MS),
      ),
    async [Symbol.asyncDispose]() {
      await Promise.all([reads.dispose(), programs.dispose()]);
    },
  };
}
