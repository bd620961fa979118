import { expect } from "vitest";
import { AgentError } from "../../agent/errors.ts";
import type { Random } from "../../agent/ports.ts";
import { defaultProfile } from "../../agent/sandbox/profile.ts";
import { type RigOptions, startCore } from "../support/device-rig.ts";
import { tokenOf } from "../support/identities.ts";
import { memoryIdentity } from "../support/memory-identity.ts";
import { type ThingsBoard, thingsBoard } from "../support/thingsboard.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const lost = new AgentError("transient", "no answer");
const preProvisioned = { ...defaultProfile, strategy: "CHECK_PRE_PROVISIONED_DEVICES" } as const;

function newBoard(random: Random, profile = defaultProfile, options: Partial<RigOptions> = {}) {
  const clock = virtualClock();
  const server = thingsBoard(clock, profile);
  const identity = memoryIdentity();
  const start = () => startCore({ clock, server, store: identity.store, random, ...options });
  return { clock, server, identity, start };
}

const provisionings = ({ requests }: ThingsBoard) =>
  requests.filter(({ asked }) => asked === "POST provision").map(({ atMs }) => atMs);

proof(
  22,
  "a lost answer leaves a device that is provisioned, and one device only",
  async ({ seed, random, count }) => {
    const courses = count(1_000);
    let answersLost = 0;
    for (let course = 0; course < courses; course++) {
      const context = `seed ${seed}, course ${course}`;
      // With a name that the server makes nothing but the token keeps a repeated request from making a second device.
      const deviceName = course % 3 === 0 ? null : "board-1";
      const { clock, server, start } = newBoard(random, defaultProfile, {
        provisioning: { deviceName },
      });
      let toLose = 1 + Math.floor(random.fraction() * 4);
      server.path.down = (asked) => {
        // The first one is the provisioning's; then questions and requests at random.
        if (toLose === 0 || (asked !== "POST provision" && random.fraction() < 0.5)) return;
        toLose--;
        answersLost++;
        throw lost;
      };
      let core = start();
      await core.accept({ n: 1 });
      if (random.fraction() < 0.3) {
        await core.end(); // and the agent is started anew in between
        core = start();
        await core.accept({ n: 1 });
      }
      await clock.until(() => core.states().includes("offline -> online"), 4 * HOUR);
      expect(server.devices.all(), context).toHaveLength(1);
      const [device] = server.devices.all();
      expect(tokenOf(core.provisioner.stored()), context).toBe(device?.credentials?.id);
      expect(await core.end(), context).toBeNull();
    }
    return `${courses} boards, ${answersLost} answers lost: 0 stranded, ${courses} devices`;
  },
);

proof(
  22,
  "a pre-provisioned device whose answer was lost waits for the operator by name",
  async ({ seed, random, count }) => {
    const courses = count(100);
    let tries = 0;
    for (let course = 0; course < courses; course++) {
      const context = `seed ${seed}, course ${course}`;
      const { clock, server, start } = newBoard(random, preProvisioned);
      const token = "made-by-the-operator";
      const device = server.devices.create({
        name: "board-1",
        profile: preProvisioned,
        credentials: { type: "ACCESS_TOKEN", id: token },
        provisioned: false,
      });
      let isFirst = true;
      server.path.down = (asked) => {
        if (asked !== "POST provision" || !isFirst) return;
        isFirst = false;
        throw lost;
      };
      const core = start();
      await core.accept({ n: 1 });
      await clock.advance(MINUTE);
      expect(core.statuses.at(-1), context).toBe("provisioning, waits for the operator: P021");
      expect(core.log.lines.at(-1), context).toMatchObject({
        level: "warn",
        fields: {
          code: "P021",
          hint: expect.stringContaining('server attribute "provisionState"'),
        },
      });
      const fromMs = provisionings(server).at(-1) ?? 0;
      await clock.advance(Math.floor(random.fraction() * 12 * HOUR));
      const times = [...provisionings(server).filter((atMs) => atMs >= fromMs)];
      tries += times.length;
      for (const [index, atMs] of times.entries())
        expect(atMs - (times[index - 1] ?? -HOUR), context).toBeGreaterThanOrEqual(15 * MINUTE);
      if (device) device.provisioned = false; // the operator deletes the attribute
      await clock.until(() => core.states().includes("offline -> online"), 17 * MINUTE);
      expect(tokenOf(core.provisioner.stored()), context).toBe(token);
      expect(await core.end(), context).toBeNull();
    }
    return `${courses} boards waited as P021, ${tries} tries, never two within 15 minutes; each provisioned once the operator had acted`;
  },
);

proof(
  23,
  "a wrong key or secret: five quick tries, then one every 15 minutes, and the screen to open",
  async ({ seed, random, count }) => {
    const courses = count(100);
    let [most, tries] = [0, 0];
    for (let course = 0; course < courses; course++) {
      const context = `seed ${seed}, course ${course}`;
      const wrong = course % 2 === 0 ? { key: "another" } : { secret: "another" };
      const { clock, server, start } = newBoard(random, defaultProfile, { provisioning: wrong });
      const core = start();
      await core.accept({ n: 1 });
      await clock.advance(24 * HOUR);
      const times = provisionings(server);
      const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
      const slowFrom = gaps.findIndex((gap) => gap >= 15 * MINUTE);
      expect(slowFrom, context).toBeGreaterThan(0);
      expect(slowFrom + 1, context).toBeLessThanOrEqual(5);
      for (const gap of gaps.slice(slowFrom)) expect(gap).toBeGreaterThanOrEqual(15 * MINUTE);
      most = Math.max(most, slowFrom + 1);
      tries += times.length;
      expect(core.statuses.at(-1), context).toBe("provisioning, waits for the operator: P022");
      expect(core.log.lines.at(-1), context).toMatchObject({
        fields: { code: "P022", hint: expect.stringContaining("Device profiles") },
      });
      expect(core.outbox.stats(), context).toMatchObject({ waiting: 1, dropped: 0 });
      expect(await core.end(), context).toBeNull();
    }
    return `${courses} boards for a day: ${most} quick tries at most, ${tries} in all, P022 with the way to the screen`;
  },
);
