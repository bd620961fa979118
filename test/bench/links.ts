import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startHelper } from "./contenders.ts";

/** At the level of IP: with its headers, without those of Ethernet. */
export interface Flow {
  readonly bytes: number;
  readonly packets: number;
}

/** Up: from the board to the server. */
export interface Traffic {
  readonly up: Flow;
  readonly down: Flow;
}

/** A board on a wire of its own; the other end is in the network namespace of this process, where the servers are. */
export interface Link extends AsyncDisposable {
  /** The servers, as the board sees them. */
  readonly server: string;
  /** What starts a program on the board. */
  readonly through: readonly string[];
  /** Since the link is there. */
  traffic(): Traffic;
}

const ETHERNET_HEADER_BYTES = 14;

/**
 * A pair of virtual Ethernet devices between two network namespaces: with the MTU of the real one, without segments that are
 * put together only for the sake of speed, and without a packet that nobody of ours sends (no IPv6, no ARP). All of it ends with the
 * board's process. Wants root, and this process in a namespace of its own.
 */
export async function openLink(number: number): Promise<Link> {
  await using stack = new AsyncDisposableStack();
  const board = stack.use(startHelper(["unshare", "--net", "sh", "-c", "echo here; exec cat"]));
  await board.says(/^here$/);
  const through = ["nsenter", `--net=/proc/${board.pid}/ns/net`];
  const device = `bench${number}`;
  const [server, client] = [`10.77.${number}.1`, `10.77.${number}.2`];
  const [serverMac, clientMac] = [mac(number, 1), mac(number, 2)];
  const whole = ["gso_max_segs", "1"];
  const peer = ["peer", "name", device, "address", clientMac, ...whole, "netns", String(board.pid)];
  ip([], "link", "add", device, "address", serverMac, ...whole, "type", "veth", ...peer);
  const raise = (on: readonly string[], own: string, other: string, otherMac: string) => {
    ip(on, "link", "set", device, "addrgenmode", "none", "up");
    ip(on, "address", "add", `${own}/30`, "dev", device);
    ip(on, "neighbour", "add", other, "lladdr", otherMac, "dev", device, "nud", "permanent");
  };
  raise([], server, client, clientMac);
  raise(through, client, server, serverMac);
  const owned = stack.move();
  return {
    server,
    through,
    traffic: () => trafficOf(device),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A new namespace has it, but down. */
export const loopbackUp = (): void => ip([], "link", "set", "lo", "up");

const mac = (link: number, end: number) => `02:00:00:00:${number(link)}:${number(end)}`;
const number = (value: number) => value.toString(16).padStart(2, "0");

/** Counted at the server's end, which receives what goes up. */
function trafficOf(device: string): Traffic {
  const line = readFileSync("/proc/net/dev", "utf8")
    .split("\n")
    .find((text) => text.trimStart().startsWith(`${device}:`));
  if (line === undefined) throw new Error(`there is no device ${device} in /proc/net/dev`);
  // "bench1: 1306 3 0 0 0 0 0 0 1690 3 …": bytes and packets received, then eight columns on those sent
  const columns = line.split(":")[1]?.trim().split(/\s+/).map(Number) ?? [];
  const flow = (first: number): Flow => {
    const [bytes = Number.NaN, packets = Number.NaN] = columns.slice(first);
    return { bytes: bytes - packets * ETHERNET_HEADER_BYTES, packets };
  };
  return { up: flow(0), down: flow(8) };
}

/** Longer than TCP puts an acknowledgement off (TCP_DELACK_MAX). */
const REST_MS = 300;

/** Resolves when nothing has moved for a while. */
export async function atRest(link: Link): Promise<void> {
  for (let seen = -1; ; ) {
    const { up, down } = link.traffic();
    if (up.packets + down.packets === seen) return;
    seen = up.packets + down.packets;
    await sleep(REST_MS);
  }
}

export function since(before: Traffic, after: Traffic): Traffic {
  const flow = (way: "up" | "down"): Flow => ({
    bytes: after[way].bytes - before[way].bytes,
    packets: after[way].packets - before[way].packets,
  });
  return { up: flow("up"), down: flow("down") };
}

function ip(on: readonly string[], ...args: readonly string[]): void {
  const [program = "", ...rest] = [...on, "ip", ...args];
  execFileSync(program, rest, { stdio: ["ignore", 2, 2] });
}
