import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type CoapRig, coapRig } from "../support/coap-rig.ts";
import { realClient } from "../support/real-client.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { proof } from "./proof.ts";

/** An ICMP message can be forged: "refused" is believed of the second transmission, which leaves after 2 to 3 s. */
const MOST_MS = 3_000;

interface Refusal {
  readonly name: string;
  readonly failure: string;
  /** Strikes the request that was just sent, or the next one. */
  readonly strike: (rig: CoapRig) => Promise<void>;
  readonly heal: (rig: CoapRig) => void;
}

const inFlight = (code: string): Refusal => ({
  name: `${code} in flight`,
  failure: "unreachable",
  async strike(rig) {
    await rig.peer.next();
    rig.network.channels[0]?.fail(code);
  },
  heal() {},
});

const refusals: readonly Refusal[] = [
  {
    name: "RST",
    failure: "reset",
    strike: async (rig) => void rig.peer.reset(await rig.peer.next()),
    heal() {},
  },
  ...["ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EPERM"].map(inFlight),
  {
    name: "ECONNREFUSED, twice",
    failure: "unreachable",
    async strike(rig) {
      for (let transmission = 0; transmission < 2; transmission++) {
        await rig.peer.next();
        rig.network.channels[0]?.fail("ECONNREFUSED");
      }
    },
    heal() {},
  },
  {
    name: "the socket dies",
    failure: "unreachable",
    async strike(rig) {
      await rig.peer.next();
      rig.network.channels[0]?.kill("EBADF");
    },
    heal() {},
  },
  {
    name: "no route for a new socket",
    failure: "unreachable",
    async strike(rig) {
      await rig.peer.next();
      rig.network.refuseConnect("ENETUNREACH");
      rig.network.channels[0]?.kill("EBADF");
    },
    heal: (rig) => rig.network.refuseConnect(null),
  },
];

proof(
  14,
  "RST and every word of ICMP are an error at once, and the next request works",
  async ({ seed, count }) => {
    const rounds = count(100);
    let worstMs = 0;
    for (const { name, failure, strike, heal } of refusals) {
      const rig = coapRig({ seed });
      for (let round = 0; round < rounds; round++) {
        const startMs = rig.clock.monotonic();
        const asked = rig.send({ method: "POST" });
        await strike(rig);
        expect((await rig.failure(asked)).failure, name).toBe(failure);
        worstMs = Math.max(worstMs, rig.clock.monotonic() - startMs);
        if (name.startsWith("no route")) {
          const refused = await rig.failure(rig.send());
          expect(refused, name).toMatchObject({ failure, errno: "ENETUNREACH" });
        }
        heal(rig);
        const next = rig.send();
        rig.peer.piggyback(await rig.peer.next(), { code: "2.04" });
        expect((await rig.response(next)).code, name).toBe("2.04");
      }
      await rig.expectTablesEmpty();
    }
    expect(worstMs).toBeLessThanOrEqual(MOST_MS);
    const seconds = (worstMs / 1_000).toFixed(1);
    return `${refusals.length} kinds, ${rounds} times each: always an error, after ${seconds} s at most`;
  },
);

proof(
  14,
  "so they are with the kernel's own ICMP, and in a network namespace without a route",
  async () => {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    const { port } = socket.address();
    socket.close();
    await once(socket, "close");
    const { ask } = realClient(port);
    await expect(ask("GET", "test")).rejects.toMatchObject({
      failure: "unreachable",
      errno: "ECONNREFUSED",
    });

    const config = join(temporaryFolder(), "pipit.toml");
    writeFileSync(
      config,
      '[server]\nurl = "coap://192.0.2.1"\n[provisioning]\nkey = "k"\nsecret = "s"\n',
      { mode: 0o600 },
    );
    const program = [process.execPath, "agent/main.ts", "provision"];
    const args = ["--config", config, "--state", temporaryFolder()];
    const { status, stderr } = spawnSync("unshare", ["--net", ...program, ...args], {
      cwd: join(import.meta.dirname, "../.."),
      encoding: "utf8",
    });
    expect(stderr).toContain("no route");
    expect(status).toBe(69);
    return "a closed port is refused, a missing route named";
  },
);
