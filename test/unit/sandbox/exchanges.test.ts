import { expect, test } from "vitest";
import { createExchanges } from "../../../agent/sandbox/exchanges.ts";
import { peerOf } from "../../../agent/sandbox/peer.ts";
import type { Message } from "../../../agent/sandbox/wire.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const peer = peerOf({ address: "192.0.2.7", port: 40_000 });
const asking = (messageId: number): Message => ({
  ...{ type: "CON", code: "0.02", messageId, token: Uint8Array.of(1), options: [] },
  payload: new Uint8Array(1_000),
});

test("a request is known for its lifetime, and the oldest goes when there are too many", async () => {
  const clock = virtualClock();
  const exchanges = createExchanges(clock, { lifetimeMs: 1_000, mostExchanges: 2 });
  for (const id of [1, 2, 3]) exchanges.begin(peer, asking(id));
  const known = () => [1, 2, 3].map((id) => exchanges.find(peer, id)?.request.messageId);
  expect(known()).toEqual([undefined, 2, 3]);
  await clock.advance(1_001);
  expect(known()).toEqual([undefined, undefined, undefined]);
});

test("what a request carried is not kept with it", () => {
  const exchanges = createExchanges(virtualClock(), { lifetimeMs: 1_000, mostExchanges: 2 });
  const { request } = exchanges.begin(peer, asking(1));
  expect(request).toEqual({ type: "CON", code: "0.02", messageId: 1, token: Uint8Array.of(1) });
});
