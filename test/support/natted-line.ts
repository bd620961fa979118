import { execFileSync, spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { demand } from "./demand.ts";
import { readWire, type Wire } from "./wire.ts";

/** Where the server listens, and where the board does: nobody outside of the test's namespaces sees these. */
const SERVER = "10.79.0.2";
const BOARD = "10.78.0.2";

/** The router hands these out for source ports at first; after each rebinding the next thousand. */
export const FIRST_PORT = 20_000;
const PORTS = 1_000;

export interface NattedLine {
  readonly serverHost: string;
  /** What a program of the board, and one of the server, is started through. */
  readonly board: readonly string[];
  readonly server: readonly string[];
  /** The router forgets every mapping, and takes its ports from another range: returns the first of that. */
  rebind(): number;
  /** Between router and server: the ports that are seen are those that the router chose. */
  capture(): Promise<Wire>;
}

let lines = 0;

/** Three network namespaces, board - router - server; the router masquerades. Needs root; gone with the test. */
export function nattedLine(): NattedLine {
  demand(["ip", "iproute2"], ["nft", "nftables"], ["conntrack", "conntrack"]);
  const prefix = `pipit${process.pid}-${++lines}`;
  const [board, router, server] = ["board", "router", "server"].map((end) => `${prefix}-${end}`);
  const ip = (...args: (string | undefined)[]) => run("ip", args);
  const made: string[] = [];
  onTestFinished(() => {
    for (const name of made) ip("netns", "delete", name);
  });
  for (const name of [board, router, server]) {
    ip("netns", "add", name);
    made.push(name ?? "");
    ip("-n", name, "link", "set", "lo", "up");
  }
  ip("-n", board, "link", "add", "up0", "type", "veth", "peer", "name", "inside", "netns", router);
  ip(
    "-n",
    server,
    "link",
    "add",
    "up0",
    "type",
    "veth",
    "peer",
    "name",
    "outside",
    "netns",
    router,
  );
  const ends = [
    [board, "up0", BOARD],
    [router, "inside", "10.78.0.1"],
    [router, "outside", "10.79.0.1"],
    [server, "up0", SERVER],
  ];
  for (const [name, link, address] of ends) {
    ip("-n", name, "address", "add", `${address}/24`, "dev", link);
    ip("-n", name, "link", "set", link, "up");
  }
  // The server has no way to the board's own network: what it answers, it answers to the router.
  ip("-n", board, "route", "add", "default", "via", "10.78.0.1");

  const routed = (command: string, args: readonly string[], input = "") =>
    run("ip", ["netns", "exec", router, command, ...args], input);
  routed("sysctl", ["-qw", "net.ipv4.ip_forward=1"]);
  let first = FIRST_PORT;
  const masquerade = () =>
    routed(
      "nft",
      ["-f", "-"],
      `table ip nat
delete table ip nat
table ip nat {
  chain out {
    type nat hook postrouting priority 100
    oifname "outside" meta l4proto udp masquerade to :${first}-${first + PORTS - 1}
  }
}
`,
    );
  masquerade();
  const through = (name = "") => ["ip", "netns", "exec", name];
  return {
    serverHost: SERVER,
    board: through(board),
    server: through(server),
    rebind() {
      first += PORTS;
      masquerade();
      routed("conntrack", ["-D", "-p", "udp"]);
      return first;
    },
    capture() {
      demand(["tcpdump", "tcpdump"]);
      const listen = ["-i", "outside", "-U", "--immediate-mode", "-w", "-", "udp"];
      const [command = "", ...rest] = [...through(router), "tcpdump", "-Z", "root", ...listen];
      return readWire(spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] }), SERVER);
    },
  };
}

/** @throws with what the command has said */
function run(command: string, args: readonly (string | undefined)[], input = ""): void {
  execFileSync(
    command,
    args.map((arg) => arg ?? ""),
    { input, stdio: ["pipe", "pipe", "pipe"] },
  );
}
