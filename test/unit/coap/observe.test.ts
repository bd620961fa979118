import { expect, it } from "vitest";
import type { CoapSettings } from "../../../agent/coap/settings.ts";
import type { Observation } from "../../../agent/ports.ts";
import { coapRig, GET } from "./rig.ts";
import type { Script, Sent } from "./scripted-network.ts";

const PATH = ["api", "v1", "attributes"];
const MINUTE = 60_000;
const decoder = new TextDecoder();

/** What happened, in one word each: "registered {}", "notification a", "gap b", "lost 4.01". */
function word(observation: Observation): string {
  switch (observation.kind) {
    case "displaced":
      return "displaced";
    case "lost":
      return `lost ${observation.code ?? observation.error?.message}`;
    case "registered":
      return `registered ${decoder.decode(observation.response.payload)}`;
    case "notification": {
      const text = decoder.decode(observation.response.payload);
      return `${observation.gap ? "gap" : "notification"} ${text}`;
    }
  }
}

/** A client that observes, and a server that says yes to every registration. */
async function observing(settings: Partial<CoapSettings> = {}) {
  const rig = coapRig(settings);
  const { client, clock, network } = rig;
  const seen: string[] = [];
  const controller = new AbortController();
  let mid = 1_000;

  const registrations = () =>
    network.sockets.flatMap(({ sent }) =>
      sent.filter(({ type, options }) => type === "CON" && options["Observe"]?.length === 0),
    );
  const current = (): Sent => {
    const newest = registrations().at(-1);
    if (!newest) throw new Error("nothing was registered");
    return newest;
  };
  const accept = (sent: Sent): Partial<Script> | undefined =>
    sent.options["Observe"]?.length === 0 ? { options: { Observe: 0 }, payload: "all" } : undefined;
  rig.answerWith(accept);

  const done = (async () => {
    for await (const observation of client.observe(PATH, controller.signal))
      seen.push(word(observation));
    seen.push("done");
  })();
  await clock.settle();

  return {
    ...rig,
    seen,
    controller,
    done,
    accept,
    registrations,
    current,
    /** The server notifies, on the newest token unless told otherwise. */
    async notify(number: number | undefined, payload: string, more: Partial<Script> = {}) {
      network.socket.deliver({
        type: "CON",
        code: "2.05",
        mid: mid++,
        token: current().token,
        options: number === undefined ? {} : { Observe: number },
        payload,
        ...more,
      });
      const [reply] = network.socket.sent.slice(-1);
      await clock.settle();
      return reply?.type;
    },
  };
}

it("registers with a CON GET and tells the state, then every notification", async () => {
  const { seen, current, notify, client } = await observing();
  expect(current()).toMatchObject({ type: "CON", code: "0.01", path: "api/v1/attributes" });
  expect(await notify(1, "a")).toBe("ACK");
  await notify(2, "b");
  expect(seen).toEqual(["registered all", "notification a", "notification b"]);
  expect(client.stats()).toMatchObject({ observations: 1, outstanding: 0 });
});

it("tells the registration first, even when a notification comes in the same breath", async () => {
  const { seen, network, client, controller } = await observing();
  controller.abort();
  const again = client.observe(PATH, new AbortController().signal)[Symbol.asyncIterator]();
  network.onSent = (sent, socket) => {
    if (sent.options["Observe"]?.length !== 0) return;
    const { mid, token } = sent;
    socket.deliver({ type: "ACK", code: "2.05", mid, token, options: { Observe: 0 } });
    socket.deliver({ type: "CON", code: "2.05", mid: 1, token, options: { Observe: 1 } });
  };
  expect((await again.next()).value).toMatchObject({ kind: "registered" });
  expect((await again.next()).value).toMatchObject({ kind: "notification", gap: false });
  expect(seen).toEqual(["registered all", "done"]);
});

it("delivers a notification whose message ID is that of a request in flight", async () => {
  const { seen, notify, start, clock, network } = await observing();
  start(GET);
  await clock.settle();
  const request = network.socket.sent.at(-1);
  await notify(1, "same ID", { mid: request?.mid ?? 0 });
  expect(seen).toEqual(["registered all", "notification same ID"]);
});

it("marks a gap and a notification that was overtaken, and then registers again", async () => {
  const { seen, notify, registrations, clock } = await observing();
  await notify(1, "a");
  await notify(5, "b");
  await notify(4, "c");
  await notify(6, "d");
  expect(seen).toEqual(["registered all", "notification a", "gap b", "gap c", "notification d"]);
  await clock.advance(2_000);
  expect(registrations()).toHaveLength(2);
  expect(seen.at(-1)).toBe("registered all");
});

it("waits longer and longer while registering again only brings new gaps", async () => {
  const { notify, registrations, clock } = await observing();
  const pauses: number[] = [];
  for (let round = 1; round < 9; round++) {
    const before = clock.monotonic();
    await notify(7, "gap");
    await clock.until(() => registrations().length === round + 1);
    await clock.settle();
    pauses.push(clock.monotonic() - before);
  }
  expect(pauses.slice(4).reduce((a, b) => a + b)).toBeGreaterThan(30_000);
});

it("starts the order afresh with each registration", async () => {
  const { seen, notify, clock, registrations } = await observing();
  await notify(1, "a");
  await clock.advance(10 * MINUTE);
  expect(registrations().length).toBeGreaterThan(1);
  await notify(1, "b");
  expect(seen.at(-1)).toBe("notification b");
});

it("registers again every 5 to 10 minutes, with a fresh token each time", async () => {
  const { registrations, clock, client } = await observing();
  await clock.advance(60 * MINUTE);
  const made = registrations();
  expect(new Set(made.map(({ token }) => token.toHex())).size).toBe(made.length);
  const pauses = made.slice(1).map(({ atMs }, index) => atMs - (made[index]?.atMs ?? 0));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(5 * MINUTE);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(10 * MINUTE);
  expect(new Set(pauses).size).toBeGreaterThan(1);
  expect(client.stats()).toMatchObject({ observations: 1, outstanding: 0 });
});

it("registers again 5 to 15 s after a Max-Age that the server sent", async () => {
  const { notify, registrations, clock } = await observing();
  await notify(1, "a", { options: { Observe: 1, "Max-Age": 30 } });
  await clock.advance(34_900);
  expect(registrations()).toHaveLength(1);
  await clock.advance(10_200);
  expect(registrations()).toHaveLength(2);
});

const cancels = ({ network }: { network: { sockets: readonly { sent: readonly Sent[] }[] } }) =>
  network.sockets.flatMap(({ sent }) =>
    sent.filter(({ options }) => options["Observe"]?.toHex() === "01"),
  );

it.each(["the answer", "a notification"])(
  "ends the former observation before it registers again, where %s said Max-Age",
  async (where) => {
    const rig = await observing();
    const { answerWith, accept, notify, registrations, clock, network, client, seen } = rig;
    if (where === "the answer") {
      answerWith((sent) => accept(sent) && { options: { Observe: 0, "Max-Age": 60 } });
      await notify(7, "gap");
      await clock.until(() => registrations().length === 2);
      await clock.settle();
    } else {
      await notify(1, "a", { options: { Observe: 1, "Max-Age": 60 } });
    }
    const former = registrations().at(-1);
    expect(cancels(rig)).toEqual([]);
    const known = registrations().length;
    await clock.until(() => registrations().length > known);
    await clock.settle();
    const [cancel] = cancels(rig);
    expect(cancel).toMatchObject({ type: "NON", code: "0.01", path: "api/v1/attributes" });
    expect(cancel?.token).toEqual(former?.token);
    const order = network.socket.sent.slice(-2).map(({ options }) => options["Observe"]?.toHex());
    expect(order, "libcoap takes a later one for the end of the new registration").toEqual([
      "01",
      "",
    ]);
    // What it says to that, and what was on its way: no notification, and no reset either.
    const before = [...seen];
    expect(await notify(undefined, "bye", { ...(former && { token: former.token }) })).toBe("ACK");
    expect(seen).toEqual(before);
    expect(client.stats()).toMatchObject({ observations: 1, resetsSent: 0 });
  },
);

it("never ends the former observation of a server that says no Max-Age: ThingsBoard displaces it", async () => {
  const rig = await observing();
  await rig.notify(7, "gap");
  await rig.clock.advance(60 * MINUTE);
  expect(rig.registrations().length).toBeGreaterThan(6);
  expect(cancels(rig)).toEqual([]);
});

it("knows a duplicate notification again after 5000 other messages", async () => {
  const { notify, seen, network, start, clock, client, answerWith, accept } = await observing();
  const notification = { mid: 5, options: { Observe: 1 } };
  expect(await notify(1, "restart", notification)).toBe("ACK");
  for (let mid = 10; mid < 4_010; mid++)
    network.socket.deliver({ type: "NON", code: "2.05", mid, token: Uint8Array.of(mid & 255, 1) });
  answerWith((sent) => accept(sent) ?? { type: "CON", code: "2.04", mid: sent.mid ^ 1 });
  for (let count = 0; count < 1_000; count++) {
    start();
    await clock.advance(10);
  }
  expect(await notify(1, "restart", notification)).toBe("ACK");
  expect(seen).toEqual(["registered all", "notification restart"]);
  // The answer to the registration and the notification.
  expect(client.stats().deduplicated).toBe(1);
});

it("acknowledges what comes on an observation's old token after 5000 requests", async () => {
  const { notify, registrations, network, start, clock, answerWith, accept, client } =
    await observing({ nstart: 4 });
  const [old] = registrations();
  await clock.until(() => registrations().length === 2);
  answerWith((sent) => accept(sent) ?? {});
  for (let count = 0; count < 5_000; count++) {
    start();
    if (count % 100 === 0) await clock.advance(500);
  }
  await clock.advance(1_000);
  expect(network.sockets).toHaveLength(1);
  expect(client.stats()).toMatchObject({ queued: 0, retiredTokens: 5_001 });
  expect(await notify(1, "", { code: "2.02", ...(old && { token: old.token }) })).toBe("ACK");
  expect(client.stats().resetsSent).toBe(0);
});

it("acknowledges what is notified under a registration whose answer got lost", async () => {
  const { network, clock, registrations, notify, client } = await observing();
  network.onSent = () => undefined;
  await clock.until(() => registrations().length === 2, 11 * MINUTE);
  await clock.settle();
  const lost = registrations()[1];
  expect(client.stats().registering).toBe(1);
  await clock.advance(30_000);
  const options = { token: lost?.token ?? expect.fail() };
  expect(await notify(1, "unexpected", options)).toBe("ACK");
  expect(client.stats()).toMatchObject({ resetsSent: 0 });
});

it("is not put off by Max-Age as long as notifications come", async () => {
  const { notify, registrations, clock } = await observing();
  for (let number = 1; number < 8; number++) {
    await notify(number, "a", { options: { Observe: number, "Max-Age": 30 } });
    await clock.advance(20_000);
  }
  expect(registrations()).toHaveLength(1);
});

it("acknowledges and drops a 2.02 on the token that it replaced itself", async () => {
  const { notify, registrations, clock, seen } = await observing();
  await clock.until(() => registrations().length === 2);
  await clock.settle();
  const old = registrations()[0]?.token;
  const before = [...seen];
  expect(await notify(1, "", { code: "2.02", ...(old && { token: old }) })).toBe("ACK");
  await clock.advance(MINUTE);
  expect(seen).toEqual(before);
});

it("is not misled by a 2.02 on the old token that overtakes the new answer", async () => {
  const { network, registrations, seen, clock, accept, answerWith } = await observing();
  network.onSent = (sent, socket) => {
    if (sent.options["Observe"]?.length !== 0) return;
    const [old] = registrations();
    if (old) socket.deliver({ type: "CON", code: "2.02", mid: 2, token: old.token });
    socket.deliver({
      type: "ACK",
      code: "2.05",
      mid: sent.mid,
      token: sent.token,
      ...accept(sent),
    });
    answerWith(accept);
  };
  await clock.advance(10 * MINUTE);
  expect(seen).toEqual(["registered all", "registered all"]);
});

it("keeps delivering on the old token until the new registration is answered", async () => {
  const { network, notify, registrations, seen, clock } = await observing();
  network.onSent = () => undefined;
  const [old] = registrations();
  await clock.until(() => registrations().length === 2);
  await notify(1, "still there", old ? { token: old.token } : {});
  expect(seen).toEqual(["registered all", "notification still there"]);
});

it("tells that it was displaced and registers again after back-off", async () => {
  const { notify, seen, clock, registrations, client } = await observing();
  expect(await notify(1, "", { code: "2.02" })).toBe("ACK");
  expect(seen).toEqual(["registered all", "displaced"]);
  expect(client.stats().observations).toBe(0);
  await clock.until(() => registrations().length === 2);
  await clock.settle();
  expect(seen.at(-1)).toBe("registered all");
});

it("backs off further each time that it is displaced at once", async () => {
  const { notify, clock, registrations } = await observing();
  const pauses: number[] = [];
  for (let round = 1; round < 9; round++) {
    const before = clock.monotonic();
    await notify(1, "", { code: "2.02" });
    await clock.until(() => registrations().length === round + 1);
    await clock.settle();
    pauses.push(clock.monotonic() - before);
  }
  expect(pauses.slice(4).reduce((a, b) => a + b)).toBeGreaterThan(30_000);
});

it.each(["4.01", "4.04", "5.00"])("tells %s on its token and registers again", async (code) => {
  const { notify, seen, clock, registrations } = await observing();
  await notify(undefined, "", { code });
  expect(seen).toEqual(["registered all", `lost ${code}`]);
  await clock.until(() => registrations().length === 2);
});

it("takes a 2.05 without Observe for the end of the observation", async () => {
  const { notify, seen } = await observing();
  await notify(undefined, "last");
  expect(seen).toEqual(["registered all", "lost 2.05"]);
});

it("leaves nothing behind when registrations are refused", async () => {
  const { answerWith, notify, clock, client, seen, registrations } = await observing();
  answerWith(() => ({ code: "4.01" }));
  await notify(undefined, "", { code: "4.01" });
  await clock.until(() => registrations().length === 20, 24 * 60 * MINUTE);
  await clock.settle();
  expect(seen.slice(1).every((each) => each === "lost 4.01")).toBe(true);
  expect(client.stats()).toMatchObject({ observations: 0, outstanding: 0, queued: 0 });
  expect(new Set(registrations().map(({ token }) => token.toHex())).size).toBe(20);
});

it("takes 2.05 without Observe, in answer to a registration, for a refusal", async () => {
  const { answerWith, clock, seen } = await observing();
  answerWith(() => ({ payload: "plain" }));
  await clock.advance(10 * MINUTE);
  expect(seen).toContain("lost 2.05");
});

it("tells a time-out of its registration with the error", async () => {
  const { answerWith, clock, seen } = await observing();
  answerWith(() => undefined);
  await clock.advance(11 * MINUTE);
  expect(seen[1]).toMatch(/^lost 192\.0\.2\.1:5683 did not react within 30 s/);
});

it("registers again when any CON has timed out", async () => {
  const { ask, registrations, clock } = await observing();
  expect(await ask(GET)).toMatchObject({ failure: "timeout" });
  await clock.settle();
  expect(registrations()).toHaveLength(2);
});

it("does not trust a registration answered on a socket that was given up meanwhile", async () => {
  const { network, clock, start, seen, answerWith, accept, registrations, client } =
    await observing({ nstart: 2, deadlinesBeforeReconnect: 1 });
  answerWith(() => undefined);
  await clock.until(() => registrations().length === 2);
  const [old] = network.sockets;
  const pending = registrations()[1];
  start({ ...GET, deadlineMs: 1_000 });
  await clock.advance(1_000);
  answerWith(accept);
  if (pending)
    old?.deliver({
      type: "ACK",
      code: "2.05",
      mid: pending.mid,
      token: pending.token,
      options: { Observe: 0 },
    });
  await clock.advance(1_000);
  expect(old?.isClosed).toBe(true);
  expect(network.sockets).toHaveLength(2);
  expect(seen.at(-1)).toBe("registered all");
  expect(client.stats().observations).toBe(1);
});

it("does not register again because a NON got lost", async () => {
  const { ask, registrations, clock } = await observing();
  expect(await ask({ ...GET, confirmable: false })).toMatchObject({ failure: "timeout" });
  await clock.settle();
  expect(registrations()).toHaveLength(1);
});

it("registers again on the new socket when the old one died", async () => {
  const { network, clock, seen, client } = await observing();
  network.socket.events.closed("ENETDOWN");
  await clock.settle();
  expect(network.sockets).toHaveLength(2);
  expect(seen).toEqual(["registered all", "registered all"]);
  expect(client.stats()).toMatchObject({ observations: 1, socketGenerations: 2 });
});

it("ends an observation whose notification it cannot understand, with a reset", async () => {
  const { notify, seen, client, network, current } = await observing();
  const { token } = current();
  const options = { Observe: 1, 9: 1 };
  network.socket.deliver({ type: "CON", code: "2.05", mid: 1, token, options });
  expect(client.stats().observations).toBe(0);
  expect(network.socket.sent.at(-1)?.type).toBe("RST");
  expect(await notify(2, "")).toBe("ACK");
  expect(seen[1]).toMatch(/^lost .*unsupported option 9/);
  expect(client.stats().observations).toBe(0);
});

it("fetches the rest of a notification with plain GETs under new tokens", async () => {
  const { answerWith, accept, notify, seen, network, current } = await observing();
  answerWith((sent) => {
    const wanted = sent.options["Block2"]?.at(-1);
    return wanted === undefined ? accept(sent) : { options: { Block2: wanted }, payload: "rest" };
  });
  await notify(1, "sixteen bytes...", { options: { Observe: 1, Block2: 8 } });
  expect(seen.at(-1)).toBe("notification sixteen bytes...rest");
  const get = network.socket.sent.at(-1);
  expect(get?.options["Observe"]).toBeUndefined();
  expect(get?.token).not.toEqual(current().token);
});

it("abandons a notification in blocks for a newer one, which then has a gap", async () => {
  const { notify, seen, network, clock, client } = await observing();
  await notify(1, "sixteen bytes...", { options: { Observe: 1, Block2: 8 } });
  const get = network.socket.sent.findLast(({ code }) => code === "0.01");
  await notify(2, "newer");
  expect(client.stats().outstanding).toBe(0);
  const { mid = 0, token = new Uint8Array() } = get ?? {};
  network.socket.deliver({ type: "ACK", code: "2.05", mid, token, options: { Block2: 16 } });
  await clock.settle();
  expect(seen).toEqual(["registered all", "gap newer"]);
});

it("assembles the state when the answer to the registration comes in blocks", async () => {
  const { answerWith, clock, seen } = await observing();
  answerWith((sent) => {
    const wanted = sent.options["Block2"]?.at(-1);
    if (wanted !== undefined) return { options: { Block2: wanted }, payload: "rest" };
    return { options: { Observe: 0, Block2: 8 }, payload: "sixteen bytes..." };
  });
  await clock.advance(10 * MINUTE);
  expect(seen[1]).toBe("registered sixteen bytes...rest");
});

it("keeps a bounded number for a reader who does not read", async () => {
  const { client, clock, network, controller, current } = await observing({ maxUndelivered: 3 });
  controller.abort();
  const slow = client.observe(PATH, new AbortController().signal)[Symbol.asyncIterator]();
  await clock.settle();
  for (let number = 1; number <= 10; number++)
    network.socket.deliver({
      type: "NON",
      code: "2.05",
      mid: number,
      token: current().token,
      options: { Observe: number },
      payload: String(number),
    });
  const words = [await slow.next(), await slow.next(), await slow.next()].map(({ value }) =>
    value ? word(value) : "done",
  );
  expect(words).toEqual(["gap 8", "notification 9", "notification 10"]);
});

it("ends with its signal: cancels on the same token, waits for nothing, leaves no timer", async () => {
  const { controller, done, seen, network, clock, current, client } = await observing();
  controller.abort(new Error("enough"));
  await done;
  await clock.settle();
  expect(seen).toEqual(["registered all", "done"]);
  const cancel = network.socket.sent.at(-1);
  expect(cancel).toMatchObject({ type: "NON", code: "0.01", path: "api/v1/attributes" });
  expect(cancel?.options["Observe"]).toEqual(Uint8Array.of(1));
  expect(cancel?.token).toEqual(current().token);
  expect(clock.pending).toBe(0);
  expect(client.stats()).toMatchObject({ observations: 0, outstanding: 0 });
});

it.each(["its signal aborts", "the client closes"])(
  "leaves nothing behind when %s, at whatever moment of its registration",
  async (event) => {
    for (let turns = 0; turns < 40; turns++) {
      const { answerWith, client, clock } = coapRig();
      answerWith(() => ({ options: { Observe: 0 } }));
      const controller = new AbortController();
      const iterator = client.observe(PATH, controller.signal)[Symbol.asyncIterator]();
      const first = iterator.next();
      for (let turn = 0; turn < turns; turn++) await undefined;
      if (event === "its signal aborts") controller.abort();
      else await client[Symbol.asyncDispose]();
      await clock.settle();
      await first;
      expect(await iterator.next(), `after ${turns} turns`).toMatchObject({ done: true });
      expect(client.stats()).toMatchObject({ outstanding: 0, queued: 0, observations: 0 });
      expect(clock.pending, `after ${turns} turns`).toBe(0);
    }
  },
);

it("ends when its reader leaves", async () => {
  const { client, clock, network } = await observing();
  for await (const observation of client.observe(["rpc"], new AbortController().signal)) {
    expect(observation.kind).toBe("registered");
    break;
  }
  await clock.settle();
  expect(network.socket.sent.at(-1)).toMatchObject({ type: "NON", path: "rpc" });
});

it("ends with its client, without a word to the server", async () => {
  const { client, done, seen, network, clock } = await observing();
  const before = network.socket.sent.length;
  await client[Symbol.asyncDispose]();
  await done;
  await clock.settle();
  expect(seen.at(-1)).toBe("done");
  expect(network.socket.sent).toHaveLength(before);
  expect(clock.pending).toBe(0);
});

it("is done at once when its signal has aborted before", async () => {
  const { client } = await observing();
  const iterator = client.observe(PATH, AbortSignal.abort())[Symbol.asyncIterator]();
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
});
