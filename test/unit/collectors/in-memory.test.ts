import { expect, it } from "vitest";
import { collectors, defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { isInMemory } from "../../../agent/platform/host.ts";
import type { Host } from "../../../agent/ports.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";

const quick = collectors.filter(({ inMemory }) => inMemory);

it.each(quick.map((collector) => [collector.name, collector]))(
  "%s, which has no deadline, waits for nothing but the kernel's memory",
  async (_name, collector) => {
    const host = fixtureHost("pi4");
    const waits: string[] = [];
    const noting: Host = {
      readFile(path, limitBytes) {
        if (!isInMemory(path)) waits.push(path);
        return host.readFile(path, limitBytes);
      },
      readDir(path) {
        if (!path.startsWith("/sys/")) waits.push(path);
        return host.readDir(path);
      },
      realPath(path) {
        if (!path.startsWith("/sys/")) waits.push(path);
        return host.realPath(path);
      },
      statfs(path) {
        waits.push(path);
        return host.statfs(path);
      },
    };
    const collect = collector.open(noting, defaultCollectorSettings, noDevices);
    for (const atMs of [0, 60_000]) await lookAt(collect, atMs);
    expect(waits).toEqual([]);
  },
);

it("most of what is sent by default is looked at in this way", () => {
  expect(quick.length).toBeGreaterThan(5);
});
