import { expect, it } from "vitest";
import { sendBlocks } from "../../../agent/coap/block1.ts";
import type { Block, Message } from "../../../agent/coap/message.ts";
import type { MessageOptions } from "../../../agent/coap/request-options.ts";
import { aMessage } from "./a-message.ts";

const CONTINUE = 0x5f;
const CREATED = 0x41;
const INCOMPLETE = 0x88;
const TOO_LARGE = 0x8d;

interface Asked extends MessageOptions {
  readonly bytes: number;
}

/** Sends `bytes` to a server that answers each block by `answer`. */
async function upload(
  bytes: number,
  answer: (block: Block, asked: readonly Asked[]) => Partial<Message>,
) {
  const body = Uint8Array.from({ length: bytes }, (_, index) => index);
  const asked: Asked[] = [];
  const received: number[] = [];
  const response = sendBlocks({
    body,
    blockBytes: 64,
    peer: "peer",
    async ask(options, payload) {
      if (asked.length > 100) throw new Error("it never ends");
      asked.push({ ...options, bytes: payload.length });
      received.push(...payload);
      if (!options.block1) throw new Error("a block without Block1");
      return aMessage(answer(options.block1, asked));
    },
  });
  return { response, asked, received, body };
}

const obliging = (block: Block): Partial<Message> => ({
  code: block.more ? CONTINUE : CREATED,
  options: { block1: block },
});

it("sends block after block with Size1 in each, and returns the last answer", async () => {
  const { response, asked, received, body } = await upload(150, obliging);
  expect(await response).toMatchObject({ code: CREATED });
  expect(asked).toEqual([
    { block1: { num: 0, more: true, szx: 2 }, size1: 150, bytes: 64 },
    { block1: { num: 1, more: true, szx: 2 }, size1: 150, bytes: 64 },
    { block1: { num: 2, more: false, szx: 2 }, size1: 150, bytes: 22 },
  ]);
  expect(received).toEqual([...body]);
});

it("marks the last block of a body that fills its blocks", async () => {
  const { asked, response } = await upload(128, obliging);
  await response;
  expect(asked.map(({ block1 }) => block1?.more)).toEqual([true, false]);
});

it("goes on with smaller blocks from the next one on, numbered anew", async () => {
  const { response, asked, received, body } = await upload(150, (block) => ({
    code: block.more ? CONTINUE : CREATED,
    options: { block1: { ...block, szx: 0 } },
  }));
  await response;
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
  await expect(response).rejects.toMatchObject({ failure: "rejected", kind: "rejected" });
  expect(asked).toHaveLength(1);
});

it("rejects 2.31 to the last block", async () => {
  const { response } = await upload(150, (block) => ({
    code: CONTINUE,
    options: { block1: block },
  }));
  await expect(response).rejects.toThrow("peer asked for more after the last block");
});

it("restarts once from block 0 on 4.08, then delivers it", async () => {
  const once = await upload(150, (block, asked) =>
    asked.length === 2 ? { code: INCOMPLETE } : obliging(block),
  );
  expect(await once.response).toMatchObject({ code: CREATED });
  expect(once.asked.map(({ block1 }) => block1?.num)).toEqual([0, 1, 0, 1, 2]);

  const always = await upload(150, () => ({ code: INCOMPLETE }));
  expect(await always.response).toMatchObject({ code: INCOMPLETE });
  expect(always.asked).toHaveLength(2);
});

it("takes the smaller block size that a 4.13 offers, until there is none", async () => {
  const { response, asked } = await upload(150, (block) =>
    block.szx > 0
      ? { code: TOO_LARGE, options: { block1: { num: 0, more: false, szx: block.szx - 1 } } }
      : { code: TOO_LARGE, options: { block1: block } },
  );
  expect(await response).toMatchObject({ code: TOO_LARGE });
  expect(asked.map(({ block1 }) => block1?.szx)).toEqual([2, 1, 0]);
});

it("delivers an error at once", async () => {
  const { response, asked } = await upload(150, () => ({ code: 0x81 }));
  expect(await response).toMatchObject({ code: 0x81 });
  expect(asked).toHaveLength(1);
});
