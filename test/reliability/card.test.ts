import { cpSync, mkdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import type { Identity } from "../../agent/credentials.ts";
import { credentialStore } from "../../agent/platform/credentials.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { aBoard, startCore } from "../support/device-rig.ts";
import { tokenOf } from "../support/identities.ts";
import { pipit } from "../support/pipit-process.ts";
import { recordingLog } from "../support/recording-log.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { thingsBoard } from "../support/thingsboard.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

const MINUTE = 60_000;

proof(
  24,
  "boards that share a card by turns, or run from clones of it, never write into each other's device",
  async ({ seed, random, count }) => {
    const courses = count(200);
    let [readings, turns, waited] = [0, 0, 0];
    for (let course = 0; course < courses; course++) {
      const context = `seed ${seed}, course ${course}`;
      const clock = virtualClock();
      const server = thingsBoard(clock);
      const clones = [temporaryFolder(), temporaryFolder()] as const;
      const start = (card: string, serial: string) =>
        startCore({
          clock,
          server,
          random,
          store: credentialStore(card, recordingLog()),
          provisioning: { board: { ...aBoard, serial }, deviceName: `board-${serial}` },
        });
      const boards = ["1", "2", "3"];
      let card = temporaryFolder();
      for (let turn = 0; turn < 6; turn++) {
        // A card is moved, or copied and run on two boards at the same time.
        const serial = boards[Math.floor(random.fraction() * boards.length)] ?? "1";
        const other = boards.find((each) => each !== serial) ?? "2";
        const clone = clones[card === clones[0] ? 1 : 0];
        const isCloned = random.fraction() < 0.4;
        if (isCloned) cpSync(card, clone, { recursive: true });
        const running = [
          { serial, core: start(card, serial) },
          ...(isCloned ? [{ serial: other, core: start(clone, other) }] : []),
        ];
        for (let sample = 0; sample < 5; sample++) {
          for (const { serial: from, core } of running) await core.accept({ from: Number(from) });
          readings += running.length;
          await clock.advance(MINUTE);
        }
        for (const { core } of running) {
          // Only a clone knows the token that this board got there: the operator is asked, nobody else's device used.
          const waits = core.statuses.at(-1) === "provisioning, waits for the operator: P021";
          if (!waits) expect(core.outbox.stats().waiting, context).toBe(0);
          else waited++;
          expect(await core.end(), context).toBeNull();
        }
        turns += running.length;
        if (isCloned && random.fraction() < 0.5) card = clone;
      }
      for (const serial of boards) {
        const values = new Set(server.valuesOf(`board-${serial}`, "from"));
        expect(
          [...values].filter((value) => value !== Number(serial)),
          context,
        ).toEqual([]);
      }
      // Each device has one token, and the card still holds those of all the boards that it was in.
      const { active, kept } = credentialStore(card, recordingLog()).load();
      const held = [...(active ? [active] : []), ...kept];
      if (active) expect(server.tokenOf(active.deviceName ?? ""), context).toBe(tokenOf(active));
      expect(new Set(held.map(tokenOf)).size, context).toBe(held.length);
      expect(server.devices.all().length, context).toBeLessThanOrEqual(boards.length);
    }
    return `${courses} cards, ${turns} turns in three boards, ${readings} readings: 0 in another board's device; ${waited} turns waited for the operator by name`;
  },
);

interface Home {
  readonly root: string;
  readonly name: string;
  readonly uptime: number;
}

/** What a board shows below --sysroot: its serial, and one reading that is its own. */
function boardRoot(serial: string, uptimeS: number): string {
  const root = temporaryFolder();
  const files = {
    "proc/device-tree/serial-number": `${serial}\0`,
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.5\0",
    "proc/uptime": `${uptimeS}.00 1.00\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

proof(
  24,
  "the real agent on a moved card becomes the second board's device, and back home the first",
  async () => {
    const waiting = new Set<() => void>();
    const server = await startSandbox({
      httpPort: null,
      onEvent() {
        for (const look of waiting) look();
      },
    });
    await using _server = server;
    const folder = temporaryFolder();
    const [config, state] = [join(folder, "pipit.toml"), join(folder, "state")];
    writeFileSync(
      config,
      `[server]\nurl = "coap://127.0.0.1:${server.port}"
[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"
[system]\nmetrics = ["uptime"]\n[telemetry]\ninterval = "1s"\n[clock]\ntrust = "always"\n`,
      { mode: 0o600 },
    );
    const boards: readonly [Home, Home] = [
      { root: boardRoot("10000000aaaaaaaa", 111_111), name: "rpi-aaaaaaaa", uptime: 111_111 },
      { root: boardRoot("10000000bbbbbbbb", 222_222), name: "rpi-bbbbbbbb", uptime: 222_222 },
    ];
    const points = (name: string) =>
      server.state().devices[name]?.telemetry.keys["uptime"]?.recent ?? [];
    const identity = (): Identity =>
      JSON.parse(readFileSync(join(state, "credentials.json"), "utf8"));
    /** One run of the agent on a board, until `done`; how many samples it left waiting. */
    const run = async ({ root }: Home, done: () => boolean) => {
      const agent = pipit(["run", "--config", config, "--state", state, "--sysroot", root]);
      await new Promise<void>((resolve) => {
        const look = () => {
          if (!done()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
      agent.child.kill("SIGTERM");
      expect(await agent.ended, agent.stderr()).toBe(0);
      return Number(/ stopped waiting=(\d+)/.exec(agent.stderr())?.[1] ?? Number.NaN);
    };
    const two = (home: Home) => {
      const before = points(home.name).length;
      return () => points(home.name).length >= before + 2;
    };
    const tokens: (string | undefined)[] = [];
    const [a, b] = boards;
    expect(await run(a, two(a))).toBe(0);
    tokens.push(tokenOf(identity().active));
    server.setFaults({ outage: true });
    let writes = 0;
    const watcher = watch(join(state, "journal"), () => {
      writes++;
      for (const look of waiting) look();
    });
    const backlog = await run(a, () => writes >= 8); // what it takes meanwhile waits on the card
    watcher.close();
    expect(backlog).toBeGreaterThan(0);
    server.setFaults({ outage: false });

    expect(await run(b, two(b))).toBe(0);
    tokens.push(tokenOf(identity().active));
    for (const { value } of points(b.name)) expect(value).toBe(b.uptime);
    const before = points(a.name).length;
    expect(await run(a, () => points(a.name).length >= before + backlog + 2)).toBe(0);
    tokens.push(tokenOf(identity().active));
    expect(await run(b, two(b))).toBe(0);
    tokens.push(tokenOf(identity().active));

    expect(tokens.slice(2)).toEqual(tokens.slice(0, 2));
    expect(identity().kept).toMatchObject([{ accessToken: tokens[0], reason: "board" }]);
    expect(Object.keys(server.state().devices).sort()).toEqual([a.name, b.name]);
    for (const { name, uptime } of boards)
      for (const { value } of points(name)) expect(value, name).toBe(uptime);
    const total = points(a.name).length + points(b.name).length;
    return `five runs of the agent on two serials: two devices, ${total} readings, each in its own board's; ${backlog} that waited on the card went to the first board's when it was back`;
  },
);
