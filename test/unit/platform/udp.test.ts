import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

const udp = new URL("../../../agent/platform/udp.ts", import.meta.url).href;

/** Closes the socket's descriptor behind its back; in a process of its own, because that is rude. */
const script = `
  import { closeSync, readdirSync, readlinkSync } from "node:fs";
  import { udpNetwork } from ${JSON.stringify(udp)};
  const sockets = () => readdirSync("/proc/self/fd").filter((fd) => {
    try { return readlinkSync("/proc/self/fd/" + fd).startsWith("socket:"); } catch { return false; }
  });
  const before = sockets();
  const channel = await udpNetwork.connect({ host: "127.0.0.1", port: 5683 }, {
    received: () => console.log("received"),
    failed: (code) => console.log("failed", code),
    closed: (code) => { console.log("closed", code); channel.send(new Uint8Array(1)); channel[Symbol.dispose](); },
  });
  for (const fd of sockets().filter((fd) => !before.includes(fd))) closeSync(Number(fd));
  channel.send(new Uint8Array(1));
  channel.send(new Uint8Array(1));
`;

test("a socket that dies is reported as closed, once, and takes sends in silence", () => {
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  });
  expect(output).toBe("closed EBADF\n");
});
