import { abortingWith } from "../aborting.ts";
import { isWorthLogging } from "../backoff.ts";
import type { Credentials, Login } from "../credentials.ts";
import { AgentError, CLOCK_NOT_SET } from "../errors.ts";
import type { Clock, Logger, Random, ServiceManager } from "../ports.ts";
import type { Outbox } from "../telemetry/outbox.ts";
import type { Publisher } from "../telemetry/publisher.ts";
import { sleep } from "../timing.ts";
import type { Vitals } from "../vitals.ts";
import type { AttributeReporter } from "./attribute-reporter.ts";
import { bootState, type DeviceEvent, type DeviceState, transition } from "./lifecycle.ts";
import { pauseMs } from "./pause.ts";
import type { Provisioner } from "./provisioner.ts";
import { secretNeeded } from "./refusals.ts";
import { followRotation } from "./rotation.ts";
import type { Situation } from "./situation.ts";

/** Longest that one request and its block transfers may take before the watchdog should wonder. */
const REQUEST_MS = 300_000;

/** Something waits, and cannot be read or dated now: the disk may recover. */
const UNREADABLE_MS = 5_000;

export interface DeviceDeps {
  readonly provisioner: Provisioner;
  readonly publisher: Publisher;
  readonly outbox: Outbox;
  /** Told of every delivery; works beside the loop. */
  readonly attributes: Pick<AttributeReporter, "afterDelivery">;
  readonly situation: Pick<Situation, "entered" | "failed" | "delivered">;
  readonly clock: Clock;
  readonly random: Random;
  readonly vitals: Vitals;
  readonly services: ServiceManager;
  readonly onRevoked: "wait" | "reprovision";
  /** Upper bounds of the random wait before the first request: after a power cut a whole site boots at once. */
  readonly splayMs: { readonly provisioning: number; readonly telemetry: number };
  readonly log: Logger;
}

/** Walks the lifecycle: in each state one act, whose outcome is the event that leads to the next. */
export async function runDevice(deps: DeviceDeps, stopping: AbortSignal): Promise<void> {
  const { provisioner, publisher, outbox, clock, random, vitals, services, log } = deps;
  const broken = new AbortController(); // a bug in what works beside the loop ends the loop, loudly
  using either = abortingWith(stopping, broken.signal);
  const { signal } = either;
  let [beside, asking] = [Promise.resolve(), Promise.resolve()];
  const rotation = followRotation({ provisioner, clock, random, log });
  const lacksSecret = () => deps.onRevoked === "reprovision" && !provisioner.canProvision;

  const pause = async (ms: number) => {
    vitals.expect("device", ms);
    if (ms > 0) await sleepUntilRotated(ms);
    vitals.expect("device", REQUEST_MS);
  };

  /** Back-off, after what the server has asked for: a fleet that was told the same time does not come back together. */
  const backOff = (waiting: DeviceState) =>
    pause(Math.max(0, notBeforeMs - clock.monotonic()) + pauseMs(waiting, random.fraction()));

  const sleepUntilRotated = async (ms: number) => {
    const { arrived } = rotation;
    using either = abortingWith(signal, arrived);
    try {
      await sleep(clock, ms, either.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!arrived.aborted) throw error;
    }
  };

  const boot = (): DeviceState => {
    try {
      return bootState(provisioner.stored());
    } catch (error) {
      if (!isForOperator(error)) throw error;
      return bootState(null); // the first attempt meets the same error, and waits with it
    }
  };

  const provision = async (): Promise<DeviceEvent> => {
    const startMs = clock.monotonic();
    try {
      const credentials = await provisioner.attempt(signal);
      const ms = Math.round(clock.monotonic() - startMs);
      log.notice("provisioned", { name: nameOf(credentials), ms });
      return { type: "provisioned", credentials };
    } catch (error) {
      return failureEvent(error);
    }
  };

  /** By policy: the revoked token is let go, and the next attempt asks for a new one. */
  const release = (): DeviceEvent | null => {
    if (deps.onRevoked !== "reprovision" || !provisioner.canProvision) return null;
    try {
      provisioner.release();
      return { type: "reset" };
    } catch (error) {
      failureEvent(error); // said there; the old token is probed meanwhile, and then this is tried again
      return null;
    }
  };

  const publish = async (login: Login): Promise<DeviceEvent | null> => {
    vitals.expect("device", Number.POSITIVE_INFINITY); // the sampler answers for what is not there yet
    await outbox.waiting(signal);
    vitals.expect("device", REQUEST_MS);
    if (rotation.arrived.aborted) return null;
    try {
      const published = await publisher.publish(login, signal);
      if (published === "empty") await pause(UNREADABLE_MS);
      if (published === "answered") return { type: "answered" };
      if (published !== "delivered") return null;
      deps.situation.delivered();
      provisioner.proven();
      tellAttributes(login);
      return { type: "delivered" };
    } catch (error) {
      return failureEvent(error);
    }
  };

  /** Not awaited: the next samples do not wait for an address that has changed, or for a token that will. */
  const tellAttributes = (login: Login) => {
    const told = deps.attributes?.afterDelivery(login, signal);
    if (told !== undefined) beside = told.catch((bug: unknown) => broken.abort(bug));
    if (provisioner.candidate() === null) return;
    asking = rotation.afterDelivery(signal).catch((bug: unknown) => broken.abort(bug));
  };

  /** A token that waits to replace the one in use may be what the server wants to see now. */
  const revoked = async (state: DeviceState & { kind: "revoked" }) => {
    await rotation.afterRevocation(signal);
    const released = rotation.arrived.aborted ? null : release();
    if (released !== null) return released;
    if (rotation.arrived.aborted) await pause(0);
    else await backOff(state);
    return publish(state.credentials);
  };

  const act = async (state: DeviceState): Promise<DeviceEvent | null> => {
    switch (state.kind) {
      case "unprovisioned":
        return { type: "provision" };
      case "provisioning":
        await backOff(state);
        return provision();
      case "revoked":
        return revoked(state);
      case "offline":
        await backOff(state);
        return publish(state.credentials);
      case "online":
        return publish(state.credentials);
    }
  };

  const failureEvent = (error: unknown): DeviceEvent => {
    signal.throwIfAborted();
    if (!isForOperator(error)) throw error;
    deps.situation.failed(error);
    const { message, code, hint, retryAfterMs = 0 } = error;
    notBeforeMs = Math.max(notBeforeMs, clock.monotonic() + retryAfterMs);
    // What happens for the first time is said at once, however often something else has happened before.
    const reason = code ?? error.kind;
    failures = reason === lastReason ? failures + 1 : 1;
    lastReason = reason;
    if (isWorthLogging(failures)) log.warn(message, { code, count: failures, hint });
    if (error.kind === "refused") return { type: "refused", refusal: error.code ?? "refused" };
    if (error.kind === "unauthorized") return { type: "failed", error: "unauthorized" };
    return { type: "failed", error: code === CLOCK_NOT_SET ? "clock" : "transient" };
  };

  const enter = (before: DeviceState, now: DeviceState) => {
    const lack = now.kind === "revoked" && lacksSecret() ? secretNeeded() : null;
    deps.situation.entered(now, lack);
    const refusal = now.kind === "provisioning" ? now.refusal : null;
    if (refusal !== null) services.status(`provisioning, waits for the operator: ${refusal}`);
    if (now.kind === before.kind) return;
    if (now.kind !== "offline") lastReason = "";
    const waiting = outbox.stats().waiting;
    const say = now.kind === "revoked" ? log.error : log.notice;
    const { code, hint } = now.kind === "revoked" ? (lack ?? whenRevoked) : {};
    say(`${before.kind} -> ${now.kind}`, { waiting, code, hint });
    services.status(`${now.kind}${lack ? ", secret needed" : ""}, ${waiting} samples waiting`);
  };

  const whenRevoked = {
    code: undefined,
    hint: "the device's credentials were refused three times; look at them in ThingsBoard: Devices > the device > Manage credentials",
  };

  let failures = 0;
  let lastReason = "";
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  let state = boot();
  services.status(state.kind);
  deps.situation.entered(state, null);
  const splay = state.kind === "offline" ? deps.splayMs.telemetry : deps.splayMs.provisioning;
  await pause(splay * random.fraction());
  try {
    for (;;) {
      signal.throwIfAborted();
      const outcome = await act(state);
      const credentials = rotation.take(); // then what came of the old ones no longer matters
      if (credentials !== null) notBeforeMs = Number.NEGATIVE_INFINITY;
      const event = credentials ? ({ type: "rotated", credentials } as const) : outcome;
      const next = event ? transition(state, event) : state;
      enter(state, next);
      state = next;
    }
  } finally {
    broken.abort(); // whatever ended the loop ends what works beside it
    await Promise.all([beside, asking]);
  }
}

/** Kinds that the lifecycle knows an answer to; `config` and `bug` end the run. */
const isForOperator = (error: unknown): error is AgentError =>
  error instanceof AgentError &&
  ["transient", "unauthorized", "refused", "storage"].includes(error.kind);

const nameOf = ({ deviceName }: Credentials) => deviceName ?? "(made by the server)";
