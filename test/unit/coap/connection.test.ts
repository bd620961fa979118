import { expect, it } from "vitest";
import { createCoapClient } from "../../../agent/coap/client.ts";
import { addressOrder } from "../../../agent/coap/names.ts";
import { AgentError } from "../../../agent/errors.ts";
import { coapRig } from "./rig.ts";

const [A, B] = ["192.0.2.1", "2001:db8::1"];
const addressesOf = ({ network }: ReturnType<typeof coapRig>) =>
  network.sockets.map(({ address }) => address.host);

it("uses one socket for many requests, and looks the name up once", async () => {
  const rig = coapRig({}, "coap.example.org");
  rig.answerWith(() => ({}));
  for (let n = 0; n < 20; n++) await rig.ask();
  expect(rig.network.sockets).toHaveLength(1);
  expect(rig.network.lookups).toEqual(["coap.example.org"]);
  const mids = rig.network.socket.sent.map(({ mid }) => mid);
  expect(mids).toEqual(mids.map((_, index) => ((mids[0] ?? 0) + index) & 0xffff));
});

it("opens one socket for requests that come together", async () => {
  const rig = coapRig({ nstart: 5 });
  rig.answerWith(() => ({}));
  const endings = [rig.start(), rig.start(), rig.start()];
  await rig.clock.settle();
  expect(endings.every(({ now }) => now !== undefined)).toBe(true);
  expect(rig.network.sockets).toHaveLength(1);
});

it("replaces the socket after two deadlines in a row, and looks the name up again", async () => {
  const rig = coapRig({}, "coap.example.org");
  await rig.ask();
  await rig.ask();
  expect(rig.network.sockets[0]?.isClosed).toBe(true);
  await rig.ask();
  expect(rig.network.sockets).toHaveLength(2);
  expect(rig.network.lookups).toHaveLength(2);
  const firstMids = rig.network.sockets.map(({ sent }) => sent[0]?.mid);
  expect(firstMids[0]).not.toBe(firstMids[1]);
  await rig.ask();
  expect(rig.network.sockets[1]?.sent.filter(({ code }) => code === "0.01")).toHaveLength(8);
  expect(rig.client.stats().socketGenerations).toBe(2);
});

it("says of fruitless connections the 1st, 2nd, 4th, 8th, and begins anew after an answer", async () => {
  const rig = coapRig();
  const told = () =>
    rig.log.lines
      .filter(({ level, event }) => level === "info" && event === "connection given up")
      .map(({ fields }) => fields["count"]);
  for (let deadline = 0; deadline < 40; deadline++) await rig.ask();
  expect(rig.network.sockets.length).toBeGreaterThanOrEqual(20);
  expect(told()).toEqual([1, 2, 4, 8, 16]);
  rig.answerWith(() => ({}));
  await rig.ask();
  rig.answerWith(() => undefined);
  for (let deadline = 0; deadline < 4; deadline++) await rig.ask();
  expect(told().slice(5)).toEqual([1, 2]);
});

it("keeps the socket when an answer came between two deadlines", async () => {
  const rig = coapRig();
  await rig.ask();
  rig.answerWith(() => ({}));
  await rig.ask();
  rig.answerWith(() => undefined);
  await rig.ask();
  rig.answerWith(() => ({}));
  await rig.ask();
  expect(rig.network.sockets).toHaveLength(1);
});

it("lets the last requests of a socket that was given up come to their end", async () => {
  const rig = coapRig({ nstart: 3, deadlinesBeforeReconnect: 1 });
  rig.start();
  await rig.clock.advance(1_000);
  const second = rig.start();
  await rig.clock.advance(29_500);
  const [socket] = rig.network.sockets;
  const request = socket?.sent.findLast(({ code }) => code === "0.01");
  if (!socket || !request) throw new Error("nothing was sent");
  expect(socket.isClosed).toBe(false);
  socket.deliver({ type: "ACK", code: "2.05", mid: request.mid, token: request.token });
  await rig.clock.settle();
  expect(second.now).toMatchObject({ code: "2.05" });
  expect(socket.isClosed).toBe(true);
});

it("replaces a socket that died, at the next request", async () => {
  const rig = coapRig();
  const ending = rig.start();
  await rig.clock.settle();
  rig.network.socket.events.closed("EBADF");
  await rig.clock.settle();
  expect(ending.now).toMatchObject({ failure: "unreachable", errno: "EBADF" });
  rig.network.socket.deliver({ type: "CON", mid: 1 });
  expect(rig.client.stats()).toMatchObject({ received: 0, resetsSent: 0 });
  rig.answerWith(() => ({}));
  expect(await rig.ask()).toMatchObject({ code: "2.05" });
  expect(rig.network.sockets).toHaveLength(2);
});

it("goes to the next address after a failed exchange, and stays with the one that works", async () => {
  const rig = coapRig({}, "coap.example.org");
  rig.network.resolveWith = async () => [A, B];
  rig.answerWith((_sent, { address }) => (address.host === B ? {} : undefined));
  expect(await rig.ask()).toMatchObject({ failure: "timeout" });
  expect(await rig.ask()).toMatchObject({ code: "2.05" });
  expect(await rig.ask()).toMatchObject({ code: "2.05" });
  rig.network.socket.events.closed("ENETDOWN");
  rig.answerWith(() => ({}));
  await rig.ask();
  expect(addressesOf(rig)).toEqual([A, B, A]);
});

it("tries every address before it gives up", async () => {
  const rig = coapRig({}, "coap.example.org");
  rig.network.resolveWith = async () => [B, A];
  rig.network.connectWith = async ({ host }) => {
    if (host === B) throw Object.assign(new Error("no IPv6 here"), { code: "ENETUNREACH" });
  };
  rig.answerWith(() => ({}));
  expect(await rig.ask()).toMatchObject({ code: "2.05" });
  expect(addressesOf(rig)).toEqual([A]);
});

it("says which network error kept it from opening a socket", async () => {
  const rig = coapRig();
  rig.network.connectWith = async () => {
    throw Object.assign(new Error("connect"), { code: "ENETUNREACH" });
  };
  expect(await rig.ask()).toMatchObject({
    failure: "unreachable",
    errno: "ENETUNREACH",
    message: "192.0.2.1:5683 cannot be reached: no route to its network (ENETUNREACH)",
  });
});

it("calls what DTLS reports a failed handshake, and keeps its advice", async () => {
  const rig = coapRig();
  rig.network.connectWith = async () => {
    throw new AgentError("transient", "wrong certificate", { hint: "look at [tls]", code: "P021" });
  };
  expect(await rig.ask()).toMatchObject({
    failure: "handshake",
    kind: "transient",
    hint: "look at [tls]",
    code: "P021",
  });
});

it("does not wait for ever for a handshake, and closes what opens too late", async () => {
  const rig = coapRig();
  const { promise, resolve } = Promise.withResolvers<void>();
  rig.network.connectWith = () => promise;
  expect(await rig.ask()).toMatchObject({ failure: "handshake" });
  resolve();
  await rig.clock.settle();
  expect(rig.network.sockets.map(({ isClosed }) => isClosed)).toEqual([true]);
});

it("fails with `resolve`, once, when the name was never found", async () => {
  const rig = coapRig({}, "coap.example.org");
  rig.network.resolveWith = async () => {
    throw Object.assign(new Error("queryA ENOTFOUND"), { code: "ENOTFOUND" });
  };
  expect(await rig.ask()).toMatchObject({ failure: "resolve", hint: expect.any(String) });
  expect(rig.network.lookups).toHaveLength(1);
  expect(rig.network.sockets).toHaveLength(0);
});

it("uses the last good addresses while DNS fails or hangs, with one look-up in flight", async () => {
  const rig = coapRig({ deadlinesBeforeReconnect: 1 }, "coap.example.org");
  rig.network.resolveWith = async () => [A];
  await rig.ask();
  const hung = Promise.withResolvers<readonly string[]>();
  rig.network.resolveWith = () => hung.promise;
  await rig.ask();
  await rig.ask();
  expect(addressesOf(rig)).toEqual([A, A, A]);
  expect(rig.network.lookups).toHaveLength(2);
  hung.resolve([B]);
  await rig.clock.settle();
  rig.network.resolveWith = async () => {
    throw new Error("down");
  };
  await rig.ask();
  expect(addressesOf(rig).at(-1)).toBe(B);
});

it.each([
  ["the client closes", "cancelled"],
  ["the socket dies", "unreachable"],
])("loses no socket when %s at any moment of its opening", async (event, failure) => {
  for (let turns = 0; turns < 20; turns++) {
    const rig = coapRig();
    const { connect } = rig.network;
    rig.network.connect = async (address, events) => {
      const channel = await connect(address, events);
      const strike = () => {
        if (event === "the socket dies") events.closed("EBADF");
        else void rig.client[Symbol.asyncDispose]();
      };
      void (async () => {
        for (let turn = 0; turn < turns; turn++) await undefined;
        strike();
      })();
      return channel;
    };
    const ending = rig.start();
    await rig.clock.settle();
    expect(ending.now, `after ${turns} turns`).toMatchObject({ failure });
    expect(rig.network.socket.isClosed, `after ${turns} turns`).toBe(true);
    expect(rig.clock.pending).toBe(0);
    expect(rig.client.stats()).toMatchObject({ outstanding: 0, queued: 0 });
  }
});

it("settles as cancelled while a look-up hangs", async () => {
  const rig = coapRig({}, "coap.example.org");
  rig.network.resolveWith = () => new Promise(() => undefined);
  const controller = new AbortController();
  const ending = rig.start(undefined, controller.signal);
  const other = rig.start();
  await rig.clock.settle();
  controller.abort();
  await rig.clock.settle();
  expect(ending.now).toMatchObject({ failure: "cancelled" });
  await rig.client[Symbol.asyncDispose]();
  await rig.clock.settle();
  expect(other.now).toMatchObject({ failure: "cancelled" });
  expect(rig.clock.pending).toBe(0);
});

it("tries the addresses in order, beginning after the one that failed last", () => {
  expect(addressOrder(["a", "b", "c"], undefined)).toEqual(["a", "b", "c"]);
  expect(addressOrder(["a", "b", "c"], "a")).toEqual(["b", "c", "a"]);
  expect(addressOrder(["a", "b", "c"], "c")).toEqual(["a", "b", "c"]);
  expect(addressOrder(["a", "b"], "gone from the DNS")).toEqual(["a", "b"]);
});

it.each([
  ["port 70000", { port: 70_000 }, {}],
  ["port 0", { port: 0 }, {}],
  ["a block of 1000 bytes", {}, { blockBytes: 1_000 }],
  ["a deadline over 93 s", {}, { deadlineMs: 94_000 }],
  ["300 messages a second", {}, { messagesPerSecond: 300 }],
  ["half a message a second", {}, { messagesPerSecond: 1.5 }],
  ["no place in the queue", {}, { nstart: 0 }],
])("refuses %s before anything is sent", (_name, server, settings) => {
  const { clock, network, log } = coapRig();
  const random = { fraction: () => 0, bytes: (size: number) => new Uint8Array(size) };
  const deps = { clock, network, log, random, settings };
  const create = () => createCoapClient({ ...deps, server: { host: "h", port: 5683, ...server } });
  expect(create).toThrow(expect.objectContaining({ kind: "config" }));
});

const get = { method: "GET", path: ["a"] } as const;
const holder = (certificate: string) => ({ certificate, key: "k" });

it("shows another certificate on a new socket, and the same one on the same", async () => {
  const rig = coapRig();
  rig.network.showsCertificates = true;
  rig.answerWith(() => ({}));
  await rig.ask();
  await rig.ask();
  expect(rig.network.sockets).toHaveLength(1);
  for (const certificate of ["one", "one", "two"])
    await rig.ask({ ...get, own: holder(certificate) });
  expect(rig.network.sockets.map(({ shown }) => shown)).toEqual([null, "one", "two"]);
  expect(rig.network.sockets.map(({ isClosed }) => isClosed)).toEqual([true, true, false]);
});

it("sends nothing on a connection that has shown another certificate, however it was opened meanwhile", async () => {
  const rig = coapRig({ nstart: 5 });
  rig.network.showsCertificates = true;
  rig.answerWith(() => ({}));
  const gates = new Map<string | null, PromiseWithResolvers<void>>();
  rig.network.connectWith = (_, own) => {
    const gate = Promise.withResolvers<void>();
    gates.set(own?.certificate ?? null, gate);
    return gate.promise;
  };
  const certificates = ["one", null, "two", "one"];
  const asked = certificates.map((certificate, index) =>
    rig.start({
      ...get,
      path: [String(index)],
      own: certificate === null ? null : holder(certificate),
    }),
  );
  await rig.clock.settle();
  // They open in another order than they were asked for.
  for (const certificate of ["two", "one", null]) {
    gates.get(certificate)?.resolve();
    await rig.clock.settle();
  }
  expect(asked.map(({ now }) => now?.code)).toEqual(["2.05", "2.05", "2.05", "2.05"]);
  const sent = rig.network.sockets.flatMap((socket) =>
    socket.sent.filter(({ code }) => code === "0.01").map(({ path }) => [path, socket.shown]),
  );
  expect(sent.toSorted()).toEqual([
    ["0", "one"],
    ["1", null],
    ["2", "two"],
    ["3", "one"],
  ]);
});

it("refuses to show a certificate where the network has none", async () => {
  const rig = coapRig();
  const asked = rig.client.request({ ...get, own: holder("one") }, new AbortController().signal);
  await expect(asked).rejects.toMatchObject({ kind: "refused", code: "P033" });
  expect(rig.network.sockets).toEqual([]);
});

it("behind a certificate a 4.01 is believed once it is all that a session has said, and the next try is a new session", async () => {
  const rig = coapRig();
  rig.network.channelIs = { isIdentified: true };
  let code = "2.05";
  rig.answerWith(() => ({ code }));
  await rig.ask();
  code = "4.01";
  // Known before: the session is made anew, and that one is believed.
  expect(await rig.ask()).toMatchObject({ code: "4.01" });
  expect(rig.network.sockets).toHaveLength(2);
  expect(await rig.ask()).toMatchObject({ code: "4.01" });
  expect(rig.network.sockets).toHaveLength(3);
  code = "2.05";
  expect(await rig.ask()).toMatchObject({ code: "2.05" });
  expect(rig.network.sockets).toHaveLength(4);
  await rig.ask();
  expect(rig.network.sockets).toHaveLength(4);
});
