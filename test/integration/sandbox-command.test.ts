import { expect, it } from "vitest";
import { pipit } from "../support/pipit-process.ts";

it("the first screen ends with this machine's own values, acknowledged by the server; Ctrl-C ends it with 0", async () => {
  const demo = pipit(["sandbox"]);
  await demo.seen(/values acknowledged and stored by the server[\s\S]*Ctrl-C to stop/);
  const screen = demo.stdout();
  expect(screen).toMatch(/^sandbox {3}ThingsBoard stand-in on coap:\/\/127\.0\.0\.1:\d+/);
  expect(screen).toMatch(/POST provision +2\.01/);
  expect(screen).toMatch(/^ +cpuUsage +[\d.]+ %$/m);
  expect(screen).toMatch(/^ +memoryAvailableMb +[\d.]+ MB$/m);
  expect(screen).toMatch(/^ +uptime +\d+ s$/m);
  demo.child.kill("SIGINT");
  demo.child.kill("SIGINT"); // npm passes on what the terminal has sent already
  expect(await demo.ended).toBe(0);
  expect(demo.stdout().trimEnd()).toMatch(
    /(\d+) samples, \1 stored, 0 waiting, 0 lost, \d+ repeats$/,
  );
});

it("loses nothing when three of ten datagrams are lost, each way", async () => {
  const demo = pipit(["sandbox", "--loss", "30", "--seed", "5"]);
  await demo.seen(/\(\d+ sends\)/);
  demo.child.kill("SIGINT");
  expect(await demo.ended).toBe(0);
  expect(demo.stdout()).toMatch(/, 0 lost,/);
});

it("--server-only starts no agent", async () => {
  const server = pipit(["sandbox", "--server-only", "--no-http"]);
  await server.seen(/ThingsBoard stand-in/);
  server.child.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  expect(server.stdout()).not.toContain("agent");
});

it("a wrong option is wrong usage", async () => {
  const wrong = pipit(["sandbox", "--loss", "many"]);
  expect(await wrong.ended).toBe(64);
  expect(wrong.stderr()).toContain("--loss is a whole number from 0 to 100");
});
