import { expect, it } from "vitest";
import { receiveBlocks } from "../../../agent/coap/block2.ts";
import type { Block, Message } from "../../../agent/coap/message.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { aMessage } from "./a-message.ts";

const SZX = 0;
const SIZE = 16;
const body = Uint8Array.from({ length: 100 }, (_, index) => index);

/** The honest answer to a question for `block`, out of `body`. */
const slice = ({ num, szx }: Pick<Block, "num" | "szx">, options = {}): Message => {
  const size = 2 ** (szx + 4);
  const end = (num + 1) * size;
  return aMessage({
    payload: body.subarray(num * size, end),
    options: { block2: { num, more: end < body.length, szx }, ...options },
  });
};

interface Scene {
  readonly first?: Message;
  readonly answer?: (block: Block, asked: number) => Message;
  readonly limits?: { maxBodyBytes?: number; maxBlocks?: number; transferDeadlineMs?: number };
  readonly mayRestart?: boolean;
}

async function download({ first, answer, limits, mayRestart = true }: Scene) {
  const clock = virtualClock();
  const asked: Block[] = [];
  const ending = await receiveBlocks({
    first: first ?? slice({ num: 0, szx: SZX }),
    peer: "peer",
    clock,
    limits: { maxBodyBytes: 1_000, maxBlocks: 100, transferDeadlineMs: 600_000, ...limits },
    mayRestart,
    async ask(block) {
      if (asked.length > 200) throw new Error("it never ends");
      asked.push(block);
      await clock.advance(1_000);
      return (answer ?? slice)(block, asked.length);
    },
  }).catch((error: unknown) => error);
  return { ending, asked };
}

it("returns a response in one piece as it is", async () => {
  const { ending, asked } = await download({ first: aMessage({ payload: body }) });
  expect(ending).toMatchObject({ payload: body });
  expect(asked).toEqual([]);
});

it("assembles the blocks in order, asking for each once", async () => {
  const { ending, asked } = await download({});
  expect(ending).toMatchObject({ code: 0x45, payload: body });
  expect(asked).toEqual([1, 2, 3, 4, 5, 6].map((num) => ({ num, more: false, szx: SZX })));
});

it("follows a change to smaller blocks by the offset", async () => {
  const { ending, asked } = await download({
    first: slice({ num: 0, szx: 1 }),
    answer: (block) => slice(block.szx === 1 ? { num: block.num * 2, szx: 0 } : block),
  });
  expect(ending).toMatchObject({ payload: body });
  expect(asked[0]).toEqual({ num: 1, more: false, szx: 1 });
  expect(asked[1]).toEqual({ num: 3, more: false, szx: 0 });
});

it("ignores a repeated block once, and never appends it", async () => {
  const { ending } = await download({
    answer: (block, asked) => slice(asked === 2 ? { num: 1, szx: SZX } : block),
  });
  expect(ending).toMatchObject({ payload: body });
});

it.each<[string, Scene, object]>([
  [
    "the same block for ever",
    { answer: () => slice({ num: 0, szx: SZX }) },
    { failure: "rejected" },
  ],
  ["a gap", { answer: () => slice({ num: 3, szx: SZX }) }, { failure: "rejected" }],
  [
    "a first block that is not block 0",
    { first: slice({ num: 2, szx: SZX }) },
    { failure: "rejected" },
  ],
  ["no block where one was asked for", { answer: () => aMessage() }, { failure: "rejected" }],
  [
    "a short block in the middle",
    {
      first: aMessage({
        payload: body.subarray(0, 9),
        options: { block2: { num: 0, more: true, szx: 0 } },
      }),
    },
    { failure: "rejected" },
  ],
  [
    "a block longer than its size",
    {
      first: aMessage({
        payload: body.subarray(0, 17),
        options: { block2: { num: 0, more: false, szx: 0 } },
      }),
    },
    { failure: "rejected" },
  ],
  [
    "blocks without end",
    {
      answer: ({ num, szx }) =>
        aMessage({
          payload: body.subarray(0, SIZE),
          options: { block2: { num, more: true, szx } },
        }),
    },
    { failure: "too large" },
  ],
  ["more blocks than allowed", { limits: { maxBlocks: 3 } }, { failure: "too large" }],
  ["more bytes than allowed", { limits: { maxBodyBytes: 99 } }, { failure: "too large" }],
  [
    "one piece over the limit",
    { first: aMessage({ payload: body }), limits: { maxBodyBytes: 99 } },
    { failure: "too large" },
  ],
  [
    "a transfer that takes too long",
    { limits: { transferDeadlineMs: 2_500 } },
    { failure: "timeout", phase: "response" },
  ],
  [
    "an ETag that changes twice",
    {
      first: slice({ num: 0, szx: SZX }, { etag: Uint8Array.of(0) }),
      answer: (block, asked) => slice(block, { etag: Uint8Array.of(asked) }),
    },
    { failure: "rejected" },
  ],
  [
    "a change in the middle of the answer to a POST",
    { answer: (block) => slice(block, { contentFormat: 50 }), mayRestart: false },
    { failure: "rejected" },
  ],
])("fails on %s", async (_name, scene, failure) => {
  expect((await download(scene)).ending).toMatchObject(failure);
});

it("refuses early when Size2 is over the limit", async () => {
  const first = slice({ num: 0, szx: SZX }, { size2: 5_000 });
  const { ending, asked } = await download({ first });
  expect(ending).toMatchObject({ failure: "too large" });
  expect(asked).toEqual([]);
});

it("restarts once when the ETag changes", async () => {
  const { ending, asked } = await download({
    first: slice({ num: 0, szx: SZX }, { etag: Uint8Array.of(1) }),
    answer: (block) => slice(block, { etag: Uint8Array.of(2) }),
  });
  expect(ending).toMatchObject({ payload: body, options: { etag: Uint8Array.of(2) } });
  expect(asked.map(({ num }) => num)).toEqual([1, 0, 1, 2, 3, 4, 5, 6]);
});

it("delivers an error that comes in between", async () => {
  const { ending } = await download({ answer: () => aMessage({ code: 0xa0 }) });
  expect(ending).toMatchObject({ code: 0xa0 });
});

const BAD_REQUEST = 0x80;
const diagnostic = (block: Pick<Block, "num" | "szx">): Message => ({
  ...slice(block),
  code: BAD_REQUEST,
});

it("assembles an error that comes in blocks", async () => {
  const { ending } = await download({
    first: diagnostic({ num: 0, szx: SZX }),
    answer: diagnostic,
    mayRestart: false,
  });
  expect(ending).toMatchObject({ code: BAD_REQUEST, payload: body });
});

it("delivers the error about the question for a block, not what it had of another one", async () => {
  const complaint = aMessage({ code: BAD_REQUEST, payload: body.subarray(90) });
  const first = diagnostic({ num: 0, szx: SZX });
  expect((await download({ first, answer: () => complaint })).ending).toBe(complaint);
});

it("assembles an error that comes, in blocks, in place of what had changed", async () => {
  const { ending } = await download({
    first: slice({ num: 0, szx: SZX }, { etag: Uint8Array.of(1) }),
    answer: (block, asked) =>
      asked === 1 ? slice(block, { etag: Uint8Array.of(2) }) : diagnostic(block),
  });
  expect(ending).toMatchObject({ code: BAD_REQUEST, payload: body });
});
