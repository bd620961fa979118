import { describe, expect, it } from "vitest";
import { agent, parseOwnMemory } from "../../../agent/collectors/agent.ts";
import { defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { createHealth } from "../../../agent/health.ts";
import type { Host } from "../../../agent/ports.ts";
import { emptyStats } from "../../support/a-journal.ts";
import { failingAt, fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";

const MINUTE = 60_000;

const openAgent = (host: Host = fixtureHost("pi4")) => {
  const health = createHealth();
  const stats = { ...emptyStats, waiting: 0, dropped: 0, bytesToday: 1_269_760 };
  const coap = { lastRoundTripMs: 41.5, retransmissions: 2 };
  const journal = { stats: () => stats, dropped: () => stats.dropped };
  const state = { health, journal, coap: () => coap };
  const devices = { ...noDevices, agent: state };
  const collect = agent.open(host, defaultCollectorSettings, devices);
  return { health, stats, look: (atMs: number) => lookAt(collect, atMs) };
};

const healthy = {
  agentBuffered: 0,
  agentDropped: 0,
  agentRttMs: 41.5,
  agentRetries: 2,
  agentMemoryMb: 42.205184, // 41216 x 1024 / 1e6
  agentDiskWriteMb: 1.26976,
  agentSensorErrors: 0,
};

describe("the agent reports on itself", () => {
  it("at the first look, and then every 5 minutes", async () => {
    const { look } = openAgent();
    expect(await look(7)).toEqual(healthy);
    expect(await look(7 + MINUTE)).toEqual({});
    expect(await look(1 + 5 * MINUTE - 5_000)).toEqual({});
    expect(await look(1 + 5 * MINUTE)).toEqual(healthy); // a beat that is a little early
    expect(await look(8 + 5 * MINUTE)).toEqual({});
  });

  it("at once when a sample was dropped, or a look failed; and once for each", async () => {
    const { look, health, stats } = openAgent();
    await look(0);
    stats.dropped = 1;
    expect(await look(1_000)).toMatchObject({ agentDropped: 1 });
    expect(await look(2_000)).toEqual({});
    health.sensorErrors = 5;
    expect(await look(4_000)).toMatchObject({ agentSensorErrors: 5, agentDropped: 1 });
    expect(await look(5_000)).toEqual({});
  });

  it("of a sensor that stays broken no more often than of a healthy one", async () => {
    const { look, health, stats } = openAgent();
    const reports: number[] = [];
    for (let seconds = 0; seconds <= 1_200; seconds += 10) {
      if (seconds >= 60) health.sensorErrors += 3;
      if (seconds === 150) stats.dropped++;
      if (Object.keys((await look(seconds * 1_000)) ?? {}).length > 0) reports.push(seconds);
    }
    expect(reports).toEqual([0, 60, 150, 450, 750, 1_050]);
  });

  it("at once again when it breaks after a while of peace", async () => {
    const { look, health } = openAgent();
    await look(0);
    health.sensorErrors = 1;
    expect(await look(MINUTE)).toMatchObject({ agentSensorErrors: 1 });
    expect(await look(6 * MINUTE)).toMatchObject({ agentSensorErrors: 1 });
    health.sensorErrors = 2;
    expect(await look(7 * MINUTE)).toMatchObject({ agentSensorErrors: 2 });
  });

  it("not at once for what is no trouble: samples that wait", async () => {
    const { look, stats } = openAgent();
    await look(0);
    stats.waiting = 99;
    expect(await look(1_000)).toEqual({});
    expect(await look(5 * MINUTE)).toMatchObject({ agentBuffered: 99 });
  });

  it.each([true, false])("in safe mode, and when it is over: %s", async (safeMode) => {
    const state = { ...noDevices.agent, health: createHealth(safeMode) };
    const devices = { ...noDevices, agent: state };
    const collect = agent.open(fixtureHost("pi4"), defaultCollectorSettings, devices);
    expect(await lookAt(collect, 0)).toMatchObject({ agentSafeMode: safeMode });
  });

  it("without a round trip before the first one", async () => {
    const collect = agent.open(fixtureHost("pi4"), defaultCollectorSettings, noDevices);
    expect(await lookAt(collect, 0)).not.toHaveProperty("agentRttMs");
  });

  it("without what the kernel does not count", async () => {
    const { look } = openAgent(failingAt(fixtureHost("pi4"), "/proc/self/status", "ENOENT"));
    const { agentMemoryMb: _, ...others } = healthy;
    expect(await look(0)).toEqual(others);
  });

  it("again at the next look when a file could not be read at this one", async () => {
    const host = fixtureHost("pi4");
    const broken = failingAt(host, "/proc/self/status", "EIO");
    let now = broken;
    const { look } = openAgent({ ...host, readFile: (...args) => now.readFile(...args) });
    await expect(look(0)).rejects.toMatchObject({
      kind: "sensor",
      message: "/proc/self/status: EIO",
    });
    now = host;
    expect(await look(1_000)).toEqual(healthy);
  });
});

it.each(["", "RssAnon: x kB", "VmRSS:\t 1 kB", "RssAnon:\t12abc kB"])("%j is no memory", (text) => {
  expect(() => parseOwnMemory(text)).toThrow(
    expect.objectContaining({
      kind: "sensor",
      message: expect.stringContaining("/proc/self/status"),
    }),
  );
});
