import { expect, it } from "vitest";
import type { CoapRequest } from "../../../agent/ports.ts";
import { coapRig, GET } from "./rig.ts";
import type { Sent } from "./scripted-network.ts";

const post = (bytes: number, path = "telemetry"): CoapRequest => ({
  method: "POST",
  path: [path],
  payload: new Uint8Array(bytes).fill(0x61),
  contentFormat: 50,
});
const number = (value: Uint8Array | undefined) => value?.reduce((sum, byte) => sum * 256 + byte, 0);
const block1Of = ({ options }: Sent) => number(options["Block1"]) ?? -1;

/** What an obliging server says to one block. */
const oblige = (sent: Sent) => {
  const block1 = block1Of(sent);
  return { code: block1 & 8 ? "2.31" : "2.04", options: { Block1: block1 } };
};

it("sends a body of 1024 bytes whole and one of 1025 in blocks", async () => {
  const { ask, answerWith, network } = coapRig();
  answerWith((sent) => (sent.options["Block1"] ? oblige(sent) : { code: "2.04" }));
  await ask(post(1_024));
  expect(network.socket.sent.map(({ options }) => options["Block1"])).toEqual([undefined]);
  expect(await ask(post(1_025))).toMatchObject({ code: "2.04" });
  const blocks = network.socket.sent.slice(1);
  expect(blocks.map(({ payload }) => payload.length)).toEqual([1_024, 1]);
  expect(blocks.map(({ options }) => number(options["Size1"]))).toEqual([1_025, 1_025]);
  expect(blocks.map(({ options }) => number(options["Content-Format"]))).toEqual([50, 50]);
  expect(blocks[0]?.token).toEqual(blocks[1]?.token);
  expect(await ask(post(1_025))).toMatchObject({ code: "2.04" });
  expect(network.socket.sent.at(-1)?.token).not.toEqual(blocks[1]?.token);
});

it("assembles an answer to an upload that itself comes in blocks", async () => {
  const { ask, answerWith } = coapRig();
  const text = "x".repeat(16) + "y".repeat(10);
  answerWith((sent) => {
    const wanted = number(sent.options["Block2"]);
    if (wanted !== undefined) {
      expect(sent.payload).toBe("");
      expect(sent.options["Block1"]).toBeUndefined();
      expect(sent.options["Content-Format"]).toBeUndefined();
      return { code: "2.04", options: { Block2: wanted }, payload: text.slice(16) };
    }
    if (block1Of(sent) & 8) return oblige(sent);
    const options = { Block1: block1Of(sent), Block2: 8 };
    return { code: "2.04", options, payload: text.slice(0, 16) };
  });
  const ending = await ask(post(1_500));
  expect(ending).toMatchObject({ code: "2.04", payload: new TextEncoder().encode(text) });
});

it("runs one transfer at a time to a URI, and lets an urgent request in between", async () => {
  const { start, answerWith, network, clock } = coapRig();
  const endings = [start(post(3_000)), start(post(3_000))];
  await clock.settle();
  endings.push(start({ ...post(10, "rpc"), urgent: true }), start(post(10, "plain")));
  await clock.settle();
  answerWith((sent) => (sent.options["Block1"] ? oblige(sent) : { code: "2.04" }));
  const { socket } = network;
  if (socket.sent[0]) network.onSent(socket.sent[0], socket);
  await clock.advance(100);
  expect(endings.every(({ now }) => now !== undefined)).toBe(true);
  const order = network.socket.sent.map((sent) =>
    sent.options["Block1"] ? `block ${block1Of(sent) >> 4}` : sent.path,
  );
  expect(order.filter((name) => name.startsWith("block"))).toEqual([
    ...["block 0", "block 1", "block 2"],
    ...["block 0", "block 1", "block 2"],
  ]);
  expect(order.slice(0, 2)).toEqual(["block 0", "rpc"]);
  expect(order.indexOf("plain")).toBeGreaterThan(order.indexOf("block 2"));
});

it("does not lock up when an answer in blocks meets an upload to the same URI", async () => {
  const { start, answerWith, clock } = coapRig();
  answerWith((sent) => {
    const wanted = number(sent.options["Block2"]);
    if (wanted !== undefined) return { options: { Block2: wanted }, payload: "y" };
    if (sent.options["Block1"]) return oblige(sent);
    return { options: { Block2: 8 }, payload: "x".repeat(16) };
  });
  const endings = [start(post(10)), start(post(2_000))];
  await clock.advance(1_000);
  expect(endings.map(({ now }) => now)).toMatchObject([
    { code: "2.05", payload: new TextEncoder().encode(`${"x".repeat(16)}y`) },
    { code: "2.04" },
  ]);
});

it("fails on 4.13 with the bound that the server names", async () => {
  const { ask, answerWith } = coapRig();
  answerWith(() => ({ code: "4.13", options: { Size1: 500 } }));
  const failure = { failure: "too large", kind: "rejected", limitBytes: 500 };
  expect(await ask(post(900))).toMatchObject(failure);
  expect(await ask(post(2_000))).toMatchObject(failure);
});

it("rejects 2.31 to a request that was complete", async () => {
  const { ask, answerWith } = coapRig();
  answerWith(() => ({ code: "2.31" }));
  expect(await ask(post(10))).toMatchObject({ failure: "rejected" });
});

it("takes Block1 of no bytes for block 0 and rejects one of four", async () => {
  const { ask, answerWith } = coapRig();
  answerWith(() => ({ code: "2.04", options: { Block1: 0 } }));
  expect(await ask(post(10))).toMatchObject({ code: "2.04" });
  answerWith(() => ({ code: "2.04", options: { Block1: new Uint8Array(4) } }));
  expect(await ask(post(10))).toMatchObject({ failure: "rejected" });
});

it("halves the block once when the path is too narrow, and stays there", async () => {
  const { ask, network } = coapRig();
  network.onSent = (sent, socket) => {
    if (sent.bytes.length > 700) return socket.events.failed("EMSGSIZE");
    const answer = sent.options["Block1"] ? oblige(sent) : { code: "2.04" };
    socket.deliver({ type: "ACK", mid: sent.mid, token: sent.token, ...answer });
  };
  expect(await ask(post(1_000))).toMatchObject({ code: "2.04" });
  expect(await ask(post(1_000))).toMatchObject({ code: "2.04" });
  const lengths = network.socket.sent.map(({ payload }) => payload.length);
  expect(lengths).toEqual([1_000, 512, 488, 512, 488]);
});

it("gives up when half a block is too large as well", async () => {
  const { ask, network } = coapRig();
  network.onSent = (_sent, socket) => socket.events.failed("EMSGSIZE");
  expect(await ask(post(1_000))).toMatchObject({ failure: "too large", errno: "EMSGSIZE" });
  expect(await ask(GET)).toMatchObject({ failure: "too large", errno: "EMSGSIZE" });
  expect(network.socket.sent).toHaveLength(3);
});

/** A server whose separate 2.31 for block 0 comes in several copies, each under an ID of its own. */
async function repeatedContinue() {
  const rig = coapRig();
  const ending = rig.start(post(3_000));
  await rig.clock.settle();
  const { socket } = rig.network;
  let mid = 9_000;
  const newest = () => socket.sent.findLast(({ code }) => code === "0.02") ?? expect.fail();
  const first = newest();
  const say = async (sent: Sent, code = "2.31", block = block1Of(sent)) => {
    const options = { Block1: block };
    socket.deliver({ type: "CON", code, mid: mid++, token: sent.token, options });
    const reply = socket.sent.at(-1);
    await rig.clock.settle();
    return reply?.type;
  };
  return { ...rig, ending, first, newest, say };
}

it("acknowledges a late 2.31 for the block before, and goes on waiting", async () => {
  const { ending, first, newest, say, client } = await repeatedContinue();
  await say(first);
  const second = newest();
  expect(block1Of(second) >> 4).toBe(1);
  expect(await say(first)).toBe("ACK");
  expect(newest(), "neither a third block nor an end").toBe(second);
  expect(ending.now).toBeUndefined();
  await say(second);
  const third = newest();
  expect(await say(first)).toBe("ACK");
  expect(await say(second)).toBe("ACK");
  await say(third, "2.04");
  expect(ending.now).toMatchObject({ code: "2.04" });
  expect(await say(third, "2.04"), "the token is retired").toBe("ACK");
  expect(client.stats()).toMatchObject({ outstanding: 0, late: 4, resetsSent: 0 });
});

it("acknowledges a late 2.31 also while the next block waits for its turn", async () => {
  const { ending, first, say, start, client, clock } = await repeatedContinue();
  start({ ...post(10, "rpc"), urgent: true });
  await clock.settle();
  await say(first);
  expect(await say(first)).toBe("ACK");
  expect(ending.now).toBeUndefined();
  expect(client.stats()).toMatchObject({ late: 1, resetsSent: 0 });
});

it.each([
  ["a block that was never sent", 0x3e],
  ["the last block, as if more were to come", 0x26],
])("rejects a separate 2.31 for %s", async (_name, block) => {
  const { ending, first, newest, say } = await repeatedContinue();
  await say(first);
  await say(newest());
  await say(newest(), "2.31", block);
  expect(ending.now).toMatchObject({ failure: "rejected" });
});

it("ends an upload when all its blocks together take too long", async () => {
  const { ask, network, clock } = coapRig({ transferDeadlineMs: 30_000 });
  network.onSent = (sent, socket) =>
    void clock.after(20_000, () =>
      socket.deliver({ type: "ACK", mid: sent.mid, token: sent.token, ...oblige(sent) }),
    );
  expect(await ask(post(50_000))).toMatchObject({ failure: "timeout", phase: "response" });
  expect(new Set(network.socket.sent.map(({ mid }) => mid)).size).toBe(2);
});

it("delivers an error whole whose text takes two blocks", async () => {
  const { ask, answerWith } = coapRig();
  const text = `${"x".repeat(16)}and more`;
  answerWith((sent) => {
    const num = (number(sent.options["Block2"]) ?? 0) >> 4;
    const options = { Block2: num * 16 + (num === 0 ? 8 : 0) };
    return { code: "4.00", options, payload: text.slice(num * 16, num * 16 + 16) };
  });
  const payload = new TextEncoder().encode(text);
  expect(await ask(post(10))).toMatchObject({ code: "4.00", payload });
  expect(await ask(post(2_000))).toMatchObject({ code: "4.00", payload });
});

it("fails the whole when one block fails", async () => {
  const { ask, answerWith, client } = coapRig();
  answerWith((sent) => (block1Of(sent) >> 4 === 0 ? oblige(sent) : undefined));
  expect(await ask(post(3_000))).toMatchObject({ failure: "timeout" });
  expect(client.stats()).toMatchObject({ outstanding: 0, queued: 0 });
});
