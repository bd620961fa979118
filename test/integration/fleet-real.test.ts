import { expect, it } from "vitest";
import { defaultProfile, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { runRealCourse } from "../fleet/real-course.ts";
import { openRealSite } from "../fleet/real-site.ts";
import { fastClock } from "../support/fast-clock.ts";

const BOARDS = 5;
const short = { steadyS: 40, darkS: 5 };
const sockets = () => process.getActiveResourcesInfo().filter((what) => what === "UDPWrap").length;

it("boards with a socket each come online, lose their power and come back; nothing is lost, no socket stays", async () => {
  const clock = fastClock(40);
  const before = sockets();
  const said: string[] = [];
  {
    await using site = await openRealSite({
      ...{ boards: BOARDS, intervalMs: 20_000, seed: 7, server: null, clock },
    });
    const { chapters, balance } = await runRealCourse(site, {
      ...short,
      say: (text) => said.push(text),
    });
    expect(sockets() - before, "of the boards, and the sandbox's").toBe(BOARDS + 1);
    const { accepted } = balance;
    expect(accepted).toBeGreaterThan(BOARDS * 4);
    expect(balance).toEqual({ accepted, stored: accepted, waiting: 0, dropped: 0, off: 0 });
    expect(chapters.map(({ name, requests }) => [name, requests > 0])).toEqual([
      ...[
        ["first power-on", true],
        ["steady", true],
        ["power is back", true],
        ["steady", true],
      ],
    ]);
    expect(said).toHaveLength(4);
  }
  await expect.poll(sockets).toBe(before);
});

it("of a server that is somebody else's only what the boards know is told", async () => {
  const clock = fastClock(40);
  await using sandbox = await startSandbox({ clock, httpPort: null });
  const server = { host: "127.0.0.1", port: sandbox.port, ...defaultProfile };
  await using site = await openRealSite({
    boards: 2,
    intervalMs: 20_000,
    seed: 0x1_0007,
    server,
    clock,
  });
  const said: string[] = [];
  const { balance } = await runRealCourse(site, { ...short, say: (text) => said.push(text) });
  expect(balance).toMatchObject({ waiting: 0, dropped: 0, stored: null, off: null });
  expect(balance.accepted).toBeGreaterThan(0);
  expect(said[0]).toMatch(/^first power-on +0-\d+ s +all online after \d+ s$/);
  // The seed is in the names, so that the next run does not ask for names that are taken.
  expect(Object.keys(sandbox.state().devices)).toEqual(
    expect.arrayContaining(["rpi-00070000", "rpi-00070001"]),
  );
});
