import { expect, it } from "vitest";
import {
  gateNames,
  notBehind,
  type PeerFigures,
  type PeerName,
  type PeerWindow,
  peerLines,
  peerNames,
  peersTable,
} from "../../bench/peers-table.ts";

const costs: Readonly<Record<PeerName, number>> = {
  ...{
    floor: 0.3,
    pipit: 2,
    collectd: 1.5,
    exporter: 9,
    coapthon: 16,
    aiocoap: 1.4,
    python: 14,
    shell: 22,
    usual: 46,
  },
};
const all = <T>(of: (name: PeerName) => T) =>
  Object.fromEntries(peerNames.map((name) => [name, of(name)])) as Record<PeerName, T>;
const window = (change: Partial<Record<PeerName, Partial<PeerFigures>>> = {}): PeerWindow =>
  all((name) => ({
    ...{ cpuMs: costs[name], bytes: 250, hadChildren: name === "shell" },
    writtenBytes: name === "pipit" ? 4_096 : 0,
    ...change[name],
  }));
const memory = all(() => ({ rssAnonMb: 10, rssMb: 50, pssMb: null }));

it("takes medians of the windows, and ratios within each of them", () => {
  const windows = [
    window(),
    window({ pipit: { cpuMs: 4 }, python: { cpuMs: 28 } }),
    window({ python: { cpuMs: 16 } }),
  ];
  const lines = peerLines({ windows, memory });
  const python = lines.find(({ name }) => name === "python");
  expect(python).toMatchObject({ cpuMs: 16, toPipit: 7, hadChildren: false, writtenBytes: 0 });
  expect(python?.noise).toBeCloseTo(1 / 7);
  expect(lines.find(({ name }) => name === "pipit")).toMatchObject({
    ...{ toPipit: 1, noise: 0, writtenBytes: 4_096, hadChildren: false },
  });
  expect(lines.find(({ name }) => name === "shell")?.hadChildren).toBe(true);
});

it("names ThingsBoard's sample, and what is written in shell or for Node, where it costs less, and nobody else", () => {
  const cheap = window({
    ...{ coapthon: { cpuMs: 2 }, shell: { cpuMs: 1.9 } },
    ...{ python: { cpuMs: 1 }, aiocoap: { cpuMs: 1 }, collectd: { cpuMs: 0.5 } },
  });
  expect(notBehind(peerLines({ windows: [cheap], memory }))).toEqual([
    ...["Python, CoAPthon3", "shell loop, coap-client"],
  ]);
  expect(notBehind(peerLines({ windows: [window()], memory }))).toEqual([]);
  const unknown = window({ usual: { cpuMs: Number.NaN } });
  expect(notBehind(peerLines({ windows: [unknown], memory }))).toHaveLength(1);
  const { shell: _, ...rest } = window();
  expect(notBehind(peerLines({ windows: [rest], memory }))).toEqual(["shell loop, coap-client"]);
});

it("does without those that the gate does not need", () => {
  const { collectd: _, exporter: _too, python: _again, coapthon: _more, ...rest } = window();
  const { aiocoap: _last, ...few } = rest;
  const lines = peerLines({ windows: [few], memory });
  expect(lines.map(({ name }) => name)).toEqual(gateNames);
  expect(notBehind(lines, gateNames)).toEqual([]);
  expect(notBehind(lines)).toEqual(["Python, CoAPthon3"]);
});

it("says of each what a power-cut-safe sample writes, and of whoever writes without a sync that it does", () => {
  const change = { collectd: { writtenBytes: 300 }, exporter: { writtenBytes: null } };
  const rows = peersTable(peerLines({ windows: [window(change)], memory })).split("\n");
  const of = (begin: string) => rows.find((row) => row.startsWith(begin));
  expect(rows).toHaveLength(1 + peerNames.length);
  expect(rows.filter((row) => row.endsWith(" none"))).toHaveLength(peerNames.length - 3);
  expect(of("pipit ")).toMatch(/ 4096$/);
  expect(of("collectd")).toMatch(/ 300, not synced$/);
  expect(of("node exporter")).toMatch(/ \?$/);
});
