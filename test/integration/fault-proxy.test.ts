import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startFaultProxy } from "../support/fault-proxy.ts";

let server: Socket;
let client: Socket;
let clientPorts: number[];
let upstream: { host: string; port: number };

beforeEach(async () => {
  clientPorts = [];
  server = createSocket("udp4");
  client = createSocket("udp4");
  server.on("message", (datagram, from) => {
    clientPorts.push(from.port);
    server.send(datagram, from.port, from.address);
  });
  server.bind(0, "127.0.0.1");
  client.bind(0, "127.0.0.1");
  await Promise.all([once(server, "listening"), once(client, "listening")]);
  upstream = { host: "127.0.0.1", port: server.address().port };
});
afterEach(() => {
  server.close();
  client.close();
});

const ask = async (port: number, text: string): Promise<string> => {
  client.send(text, port, "127.0.0.1");
  const [answer] = await once(client, "message");
  return String(answer);
};

test("the proxy carries both ways and keeps one port per client", async () => {
  await using proxy = await startFaultProxy({ upstream, seed: 1 });
  expect(await ask(proxy.port, "a")).toBe("a");
  expect(await ask(proxy.port, "b")).toBe("b");
  expect(clientPorts[0]).toBe(clientPorts[1]);
  expect(proxy.stats.up.taken).toBe(2);
  expect(proxy.stats.down.taken).toBe(2);
});

test("after a rebinding the server sees the client on another port", async () => {
  await using proxy = await startFaultProxy({ upstream, seed: 1 });
  await ask(proxy.port, "a");
  proxy.rebind();
  expect(await ask(proxy.port, "b")).toBe("b");
  expect(clientPorts[0]).not.toBe(clientPorts[1]);
});

test("the next answer can be dropped", async () => {
  await using proxy = await startFaultProxy({ upstream, seed: 1 });
  proxy.dropNext("down");
  client.send("lost", proxy.port, "127.0.0.1");
  expect(await ask(proxy.port, "kept")).toBe("kept");
  expect(clientPorts.length).toBe(2);
  expect(proxy.stats.down.dropped).toBe(1);
});

test("faults can be set for one direction", async () => {
  await using proxy = await startFaultProxy({ upstream, seed: 1 });
  proxy.setFaults({ loss: 1 }, "up");
  client.send("lost", proxy.port, "127.0.0.1");
  while (proxy.stats.up.dropped === 0) await new Promise((resolve) => setImmediate(resolve));
  proxy.setFaults({ loss: 0 });
  expect(await ask(proxy.port, "kept")).toBe("kept");
  expect(clientPorts.length).toBe(1);
});
