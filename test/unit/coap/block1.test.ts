import { expect, it } from "vitest";
import { sendBlocks } from "../../../agent/coap/block1.ts";
import type { Block, Message } from "../../../agent/coap/message.ts";
import type { MessageOptions } from "../../../agent/coap/request-options.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { aMessage } from "./a-message.ts";

const CONTINUE = 0x5f;
const CREATED = 0x41;
const INCOMPLETE = 0x88;
const TOO_LARGE = 0x8d;

interface Asked extends MessageOptions {
  readonly bytes: number;
}

interface Scene {
  /** For each block. */
  readonly takesMs?: number;
  readonly deadlineMs?: number;
}

/** Sends `bytes` to a server that answers each block by `answer`. */
async function upload(
  bytes: number,
  answer: (block: Block, asked: readonly Asked[]) => Partial<Message>,
  { takesMs = 1_000, deadlineMs = 600_000 }: Scene = {},
) {
  const clock = virtualClock();
  const body = Uint8Array.from({ length: bytes }, (_, index) => index);
  const asked: Asked[] = [];
  const received: number[] = [];
  const tokens: string[] = [];
  const response = sendBlocks({
    body,
    blockBytes: 64,
    peer: "peer",
    clock,
    deadlineMs,
    async ask(options, payload, token = `token ${asked.length}`) {
      if (asked.length > 100) throw new Error("it never ends");
      asked.push({ ...options, bytes: payload.length });
      received.push(...payload);
      tokens.push(token);
      await clock.advance(takesMs);
      if (!options.block1) throw new Error("a block without Block1");
      return { message: aMessage(answer(options.block1, asked)), token };
    },
  }).catch((error: unknown) => error);
  return { response: await response, asked, received, body, tokens };
}

const obliging = (block: Block): Partial<Message> => ({
  code: block.more ? CONTINUE : CREATED,
  options: { block1: block },
});

it("sends block after block with Size1 in each, and returns the last answer", async () => {
  const { response, asked, received, body } = await upload(150, obliging);
  expect(response).toMatchObject({ code: CREATED });
  expect(asked).toEqual([
    { block1: { num: 0, more: true, szx: 2 }, size1: 150, bytes: 64 },
    { block1: { num: 1, more: true, szx: 2 }, size1: 150, bytes: 64 },
    { block1: { num: 2, more: false, szx: 2 }, size1: 150, bytes: 22 },
  ]);
  expect(received).toEqual([...body]);
});

it("marks the last block of a body that fills its blocks", async () => {
  const { asked } = await upload(128, obliging);
  expect(asked.map(({ block1 }) => block1?.more)).toEqual([true, false]);
});

it("goes on with smaller blocks from the next one on, numbered anew", async () => {
  const { asked, received, body } = await upload(150, (block) => ({
    code: block.more ? CONTINUE : CREATED,
    options: { block1: { ...block, szx: 0 } },
  }));
  expect(asked.slice(0, 3).map(({ block1, bytes }) => [block1?.num, block1?.szx, bytes])).toEqual([
    [0, 2, 64],
    [4, 0, 16],
    [5, 0, 16],
  ]);
  expect(received).toEqual([...body]);
});

it.each([
  ["another block number", { code: CONTINUE, options: { block1: { num: 7, more: true, szx: 2 } } }],
  ["no block at all", { code: CONTINUE }],
  ["larger blocks", { code: CONTINUE, options: { block1: { num: 0, more: true, szx: 6 } } }],
  ["success before the end", { code: CREATED }],
])("rejects an acknowledgement of %s, after that one datagram", async (_name, answer) => {
  const { response, asked } = await upload(150, () => answer);
  expect(response).toMatchObject({ failure: "rejected", kind: "rejected" });
  expect(asked).toHaveLength(1);
});

it("rejects 2.31 to the last block", async () => {
  const { response } = await upload(150, (block) => ({
    code: CONTINUE,
    options: { block1: block },
  }));
  expect(response).toMatchObject({ message: "peer asked for more after the last block" });
});

it("restarts once from block 0 on 4.08, then delivers it", async () => {
  const once = await upload(150, (block, asked) =>
    asked.length === 2 ? { code: INCOMPLETE } : obliging(block),
  );
  expect(once.response).toMatchObject({ code: CREATED });
  expect(once.asked.map(({ block1 }) => block1?.num)).toEqual([0, 1, 0, 1, 2]);

  const always = await upload(150, () => ({ code: INCOMPLETE }));
  expect(always.response).toMatchObject({ code: INCOMPLETE });
  expect(always.asked).toHaveLength(2);
});

it("takes the smaller block size that a 4.13 offers, until there is none", async () => {
  const { response, asked } = await upload(150, (block) =>
    block.szx > 0
      ? { code: TOO_LARGE, options: { block1: { num: 0, more: false, szx: block.szx - 1 } } }
      : { code: TOO_LARGE, options: { block1: block } },
  );
  expect(response).toMatchObject({ code: TOO_LARGE });
  expect(asked.map(({ block1 }) => block1?.szx)).toEqual([2, 1, 0]);
});

it("delivers an error at once", async () => {
  const { response, asked } = await upload(150, () => ({ code: 0x81 }));
  expect(response).toMatchObject({ code: 0x81 });
  expect(asked).toHaveLength(1);
});

it("uses one token for all blocks, and a new one whenever it begins again", async () => {
  const plain = await upload(150, obliging);
  expect(plain.tokens).toEqual(["token 0", "token 0", "token 0"]);

  const restarted = await upload(150, (block, asked) =>
    asked.length === 2 ? { code: INCOMPLETE } : obliging(block),
  );
  expect(restarted.tokens).toEqual(["token 0", "token 0", "token 2", "token 2", "token 2"]);

  const smaller = await upload(40, (block) =>
    block.szx > 1
      ? { code: TOO_LARGE, options: { block1: { num: 0, more: false, szx: 1 } } }
      : obliging(block),
  );
  expect(smaller.tokens).toEqual(["token 0", "token 1", "token 1"]);
});

it("gives up when all blocks together take too long, however quick each one is", async () => {
  const { response, asked } = await upload(640, obliging, { deadlineMs: 2_500 });
  expect(response).toMatchObject({
    failure: "timeout",
    phase: "response",
    message: "peer took more than 2.5 s for all blocks of a request",
  });
  expect(asked).toHaveLength(3);
});

it("takes the last answer although the time is up: the body is there", async () => {
  const { response } = await upload(150, obliging, { deadlineMs: 2_500 });
  expect(response).toMatchObject({ code: CREATED });
});
