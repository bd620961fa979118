import { expect } from "vitest";
import { AgentError } from "../../agent/errors.ts";
import type { Random } from "../../agent/ports.ts";
import { type RigOptions, startCore } from "../support/device-rig.ts";
import { memoryIdentity } from "../support/memory-identity.ts";
import { type ThingsBoard, thingsBoard } from "../support/thingsboard.ts";
import { type VirtualClock, virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A device that is online, and takes a sample a minute from now on. */
async function onlineDevice(random: Random, options: Partial<RigOptions> = {}) {
  const clock = virtualClock();
  const server = thingsBoard(clock);
  const identity = memoryIdentity();
  const core = startCore({ clock, server, store: identity.store, random, ...options });
  let taken = 0;
  const sampling = { goes: true };
  const sample = () => {
    if (!sampling.goes) return;
    void core.accept({ n: taken++ });
    clock.after(MINUTE, sample);
  };
  sample();
  await clock.advance(10 * MINUTE);
  expect(core.states().at(-1)).toBe("offline -> online");
  const token = server.tokenOf("board-1") ?? expect.fail("not provisioned");
  return {
    clock,
    server,
    core,
    identity,
    token,
    /** Lets what still waits be delivered; what the server holds must be all that was taken. */
    async allDelivered(context: string) {
      sampling.goes = false;
      await clock.advance(HOUR + 10 * MINUTE);
      const values = server.valuesOf("board-1", "n");
      expect(values, context).toEqual(Array.from({ length: taken }, (_, n) => n));
      expect(core.outbox.stats(), context).toMatchObject({ waiting: 0, dropped: 0 });
      expect(await core.end(), context).toBeNull();
      return taken;
    },
  };
}

const revokedAt = async (clock: VirtualClock, core: ReturnType<typeof startCore>) => {
  await clock.until(() => core.states().at(-1)?.endsWith("-> revoked") ?? false);
  return clock.monotonic();
};

/** When the server was asked anything after `fromMs`, as distances in minutes. */
function gapsAfter({ requests }: ThingsBoard, fromMs: number): number[] {
  const times = requests.map(({ atMs }) => atMs).filter((atMs) => atMs > fromMs);
  return times.map((atMs, index) => (atMs - (times[index - 1] ?? fromMs)) / MINUTE);
}

proof(
  21,
  "a revoked token costs one request a probe, and no sample",
  async ({ seed, random, count }) => {
    const courses = count(100);
    let [probes, delivered] = [0, 0];
    for (let course = 0; course < courses; course++) {
      const context = `seed ${seed}, course ${course}`;
      const { clock, server, core, token, allDelivered } = await onlineDevice(random);
      server.setToken("board-1", null);
      const fromMs = await revokedAt(clock, core);
      await clock.advance(Math.floor(random.fraction() * 48 * HOUR));
      const gaps = gapsAfter(server, fromMs);
      const due = [1, 5, 15];
      for (const [index, gap] of gaps.entries()) {
        const minutes = due[index] ?? 60;
        expect(gap, `${context}, probe ${index}`).toBeGreaterThanOrEqual(minutes);
        expect(gap, `${context}, probe ${index}`).toBeLessThanOrEqual(minutes * 1.1 + 0.001);
      }
      probes += gaps.length;
      expect(core.log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
      server.setToken("board-1", token);
      await clock.until(() => core.states().at(-1) === "revoked -> online", 67 * MINUTE);
      delivered += await allDelivered(context);
    }
    return `${courses} revocations, ${probes} probes of one request each, ${delivered} of ${delivered} samples delivered once the token was valid again`;
  },
);

/** What the server says to the next requests of a device, before it is itself again. */
function answering(server: ThingsBoard, script: readonly string[]) {
  let asked = 0;
  const { request } = server.transport;
  const lost = new AgentError("transient", "no answer");
  const transport = {
    ...server.transport,
    request: async (...args: Parameters<typeof request>) => {
      const next = script[asked++];
      if (next === undefined) return request(...args);
      if (next === "lost") throw lost;
      return { code: next, payload: new Uint8Array() };
    },
  };
  return { transport, asked: () => asked };
}

proof(
  "revocation",
  "only three 4.01 in a row revoke; nothing else counts, and anything else in between forgives",
  async ({ seed, random, count }) => {
    const courses = count(1_000);
    const other = ["5.00", "lost", "4.00", "4.13", "2.01"];
    let revocations = 0;
    for (let course = 0; course < courses; course++) {
      const script = Array.from({ length: 12 }, () =>
        random.fraction() < 0.6 ? "4.01" : (other[Math.floor(random.fraction() * 5)] ?? "lost"),
      );
      const clock = virtualClock();
      const server = thingsBoard(clock);
      const { store } = memoryIdentity();
      const first = startCore({ clock, server, store, random });
      await first.accept({ n: 0 });
      await clock.advance(MINUTE);
      await first.end();
      const scripted = answering(server, script);
      const core = startCore({ clock, server: { ...server, ...scripted }, store, random });
      let n = 1;
      for (let hours = 0; scripted.asked() < script.length && hours < 100; hours++) {
        await core.accept({ n: n++ });
        await core.accept({ n: n++ }); // two at least, so that a 4.00 is no culprit's yet
        await clock.advance(HOUR);
      }
      // Of two that were under way together the second says nothing new: three 4.01 may take four answers. One that is lost
      // beside a 4.01 says nothing, either.
      const heard = script.filter((answer) => answer !== "lost");
      const may = heard.join().includes("4.01,4.01,4.01");
      const must = script.join().includes("4.01,4.01,4.01,4.01");
      const revoked = core.states().filter((state) => state.endsWith("-> revoked")).length;
      const context = `seed ${seed}, course ${course}: ${script.join()}: ${core.states().join("; ")}`;
      if (revoked > 0) expect(may, context).toBe(true);
      if (must) expect(revoked, context).toBeGreaterThan(0);
      revocations += revoked > 0 ? 1 : 0;
      expect(await core.end(), context).toBeNull();
    }
    expect(revocations).toBeGreaterThan(courses / 10);
    return `${courses} courses of 12 answers, ${revocations} of them revoked, each after three 4.01 in a row`;
  },
);

proof(
  "revocation",
  "the policy brings the device back with the secret, and names it when it is missing",
  async ({ random }) => {
    const {
      clock,
      server,
      core,
      token: old,
    } = await onlineDevice(random, {
      onRevoked: "reprovision",
    });
    server.devices.remove("board-1");
    const before = core.states().length;
    await clock.until(() => core.states().slice(before).includes("offline -> online"));
    expect(server.tokenOf("board-1")).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(server.tokenOf("board-1")).not.toBe(old);
    const { requests } = server;
    const provisioned = requests.filter(({ asked }) => asked === "POST provision");
    expect(provisioned).toHaveLength(2);
    expect(await core.end()).toBeNull();

    const without = await onlineDevice(random);
    await without.core.end();
    const { clock: time, server: tb, identity, token } = without;
    const waiting = startCore({
      clock: time,
      server: tb,
      store: identity.store,
      random,
      onRevoked: "reprovision",
      provisioning: { secret: null },
    });
    tb.setToken("board-1", null);
    await waiting.accept({ m: 1 });
    await revokedAt(time, waiting);
    expect(waiting.statuses.at(-1)).toBe("revoked, secret needed, 1 samples waiting");
    expect(waiting.log.lines.at(-1)).toMatchObject({
      level: "error",
      fields: { code: "P026", hint: expect.stringContaining("secret") },
    });
    await time.advance(3 * HOUR);
    tb.setToken("board-1", token);
    await time.advance(2 * HOUR);
    expect(waiting.states().at(-1)).toBe("revoked -> online");
    expect(tb.valuesOf("board-1", "m")).toEqual([1]);
    expect(await waiting.end()).toBeNull();
    return "reprovisioned with the secret; without it revoked, secret needed, until the operator made the token valid again";
  },
);
