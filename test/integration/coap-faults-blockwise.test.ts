import { expect, test } from "vitest";
import {
  blockOf,
  blockOption,
  type CoapOption,
  optionNumbers,
  optionOf,
  textBytes,
  uintOf,
} from "../support/coap-bytes.ts";
import { type CoapRig, coapRig, textOf } from "../support/coap-rig.ts";
import { type Heard, lineOf } from "../support/scripted-peer.ts";

/** Rows of the fault table about block-wise transfer (RFC 7959). The number leads the name. */

const { block1, block2, etag, size1 } = optionNumbers;
const body = textBytes("0123456789".repeat(10));
/** Block `num` of the 100 bytes, 32 bytes each: 32, 32, 32, 4. */
const slice = (num: number) => body.slice(num * 32, num * 32 + 32);
const askedFor = (request: Heard) => blockOf(request, block2)?.num ?? 0;
const serve = (
  rig: CoapRig,
  request: Heard,
  options: readonly CoapOption[] = [],
  how: "piggyback" | "confirmable" = "piggyback",
) => {
  const num = askedFor(request);
  const block = blockOption(block2, { num, more: num < 3, szx: 1 });
  return rig.peer[how](request, {
    code: "2.05",
    payload: slice(num),
    options: [...options, block],
  });
};

test("row 3: a Block1 option without bytes means block 0, and a small request is simply answered", async () => {
  const rig = coapRig();
  const asked = rig.send({ method: "POST", payload: textBytes("{}") });
  const empty = { number: block1, value: new Uint8Array() };
  rig.peer.piggyback(await rig.peer.next(), { code: "2.04", options: [empty] });
  expect((await rig.response(asked)).code).toBe("2.04");
  await rig.expectTablesEmpty();
});

test("row 3: a Block1 option without bytes in a 2.31 acknowledges block 0 and asks for 16 bytes", async () => {
  const rig = coapRig();
  const asked = rig.send({ method: "POST", payload: new Uint8Array(1_040) });
  const empty = { number: block1, value: new Uint8Array() };
  rig.peer.piggyback(await rig.peer.next(), { code: "2.31", options: [empty] });
  const second = await rig.peer.next();
  // 1024 bytes have arrived: that is 64 blocks of 16 (RFC 7959 §2.5).
  expect(blockOf(second, block1)).toEqual({ num: 64, more: false, szx: 0 });
  expect(second.payload.length).toBe(16);
  const last = blockOption(block1, { num: 64, more: false, szx: 0 });
  rig.peer.piggyback(second, { code: "2.04", options: [last] });
  expect((await rig.response(asked)).code).toBe("2.04");
  await rig.expectTablesEmpty();
});

test.each(["piggyback", "confirmable"] as const)(
  "row 3: a Block1 option of 4 bytes rejects the response (%s)",
  async (how) => {
    const rig = coapRig();
    const asked = rig.send({ method: "POST", payload: textBytes("{}") });
    const request = await rig.peer.next();
    const tooLong = { number: block1, value: new Uint8Array(4) };
    rig.peer[how](request, { code: "2.04", options: [tooLong] });
    expect(await rig.failure(asked)).toMatchObject({ failure: "rejected", kind: "rejected" });
    // RFC 7252 §5.4.1: an unprocessable CON is reset, an ACK is met with silence.
    const reaction = how === "confirmable" ? ["RST 0.00 mid 36864"] : [];
    expect((await rig.peer.during(60_000)).map(lineOf)).toEqual(reaction);
    await rig.expectTablesEmpty();
  },
);

test("row 4: 2.31 with a wrong block number is rejected at once, however often it comes", async () => {
  const rig = coapRig();
  const asked = rig.send({ method: "POST", payload: new Uint8Array(5_000) });
  rig.peer.automatic((request) => {
    const options = [blockOption(block1, { num: 3, more: true, szx: 6 })];
    for (let times = 0; times < 5; times++) rig.peer.piggyback(request, { code: "2.31", options });
  });
  expect(await rig.failure(asked)).toMatchObject({ failure: "rejected" });
  await rig.clock.advance(60_000);
  expect(rig.peer.heard.length).toBe(1);
  await rig.expectTablesEmpty();
});

test("row 4: a separate 2.31 for the block before is acknowledged, however often, and ends nothing", async () => {
  const rig = coapRig();
  const asked = rig.send({ method: "POST", payload: new Uint8Array(1_500) });
  const first = await rig.peer.nextRequest();
  const earlier = [blockOption(block1, { num: 0, more: true, szx: 6 })];
  rig.peer.confirmable(first, { code: "2.31", options: earlier });
  const second = await rig.peer.nextRequest();
  for (let times = 0; times < 5; times++)
    rig.peer.confirmable(second, { code: "2.31", options: earlier });
  expect((await rig.peer.rest()).map(({ type }) => type)).toEqual(Array(5).fill("ACK"));
  expect(asked.settled).toBe(false);
  rig.peer.piggyback(second, { code: "2.04" });
  expect((await rig.response(asked)).code).toBe("2.04");
  expect(second.token, "one token for all blocks").toEqual(first.token);
  await rig.expectTablesEmpty();
});

test.each([
  { when: "at once", delayMs: 0 },
  { when: "after the next block was asked for", delayMs: 1 },
  { when: "after the body was complete", delayMs: 5_000 },
])(
  "row 7: a Block2 datagram duplicated by the network $when leaves the body at 100 bytes",
  async ({ delayMs }) => {
    for (const how of ["piggyback", "confirmable"] as const) {
      const rig = coapRig();
      const asked = rig.send();
      rig.peer.automatic((request) => {
        const datagram = serve(rig, request, [], how);
        rig.clock.after(delayMs, () => rig.peer.raw(request, datagram));
      });
      expect(textOf((await rig.response(asked)).payload)).toBe(textOf(body));
      const requests = rig.peer.heard.filter(({ type }) => type === "CON");
      expect(requests.map(askedFor)).toEqual([0, 1, 2, 3]);
      await rig.clock.advance(10_000);
      await rig.expectTablesEmpty();
    }
  },
);

test("row 7: an answer with the block before the one asked for is not appended", async () => {
  const rig = coapRig();
  const asked = rig.send();
  serve(rig, await rig.peer.next());
  const second = await rig.peer.next();
  const options = [blockOption(block2, { num: 0, more: true, szx: 1 })];
  rig.peer.piggyback(second, { code: "2.05", payload: slice(0), options });
  rig.peer.automatic((request) => serve(rig, request));
  expect(textOf((await rig.response(asked)).payload)).toBe(textOf(body));
  expect(rig.peer.heard.map(askedFor)).toEqual([0, 1, 1, 2, 3]);
  await rig.expectTablesEmpty();
});

test("row 8: an endless Block2 body ends as too large, at the limit", async () => {
  const rig = coapRig();
  const asked = rig.send();
  rig.peer.automatic((request) => {
    const options = [blockOption(block2, { num: askedFor(request), more: true, szx: 6 })];
    rig.peer.piggyback(request, { code: "2.05", payload: new Uint8Array(1_024), options });
  });
  expect(await rig.failure(asked)).toMatchObject({ failure: "too large" });
  // 256 KiB are 256 blocks; the one that goes over the limit may have been asked for.
  expect(rig.peer.heard.length).toBeGreaterThanOrEqual(256);
  expect(rig.peer.heard.length).toBeLessThanOrEqual(257);
  await rig.expectTablesEmpty();
});

test("row 9: an ETag that changes between blocks restarts once and takes the new body", async () => {
  const rig = coapRig();
  const asked = rig.send();
  let version = 0;
  rig.peer.automatic((request) => {
    if (version === 0 && askedFor(request) === 2) version = 1;
    serve(rig, request, [{ number: etag, value: Uint8Array.of(version) }]);
  });
  expect(textOf((await rig.response(asked)).payload)).toBe(textOf(body));
  expect(rig.peer.heard.map(askedFor)).toEqual([0, 1, 2, 0, 1, 2, 3]);
  await rig.expectTablesEmpty();
});

test("row 9: an ETag that keeps changing is rejected after one restart", async () => {
  const rig = coapRig();
  const asked = rig.send();
  let version = 0;
  rig.peer.automatic((request) =>
    serve(rig, request, [{ number: etag, value: Uint8Array.of(version++) }]),
  );
  expect(await rig.failure(asked)).toMatchObject({ failure: "rejected" });
  expect(rig.peer.heard.map(askedFor)).toEqual([0, 1, 0, 1]);
  await rig.expectTablesEmpty();
});

test("row 11: a server that dies after the first Block2 block ends the request at its deadline", async () => {
  const rig = coapRig();
  const asked = rig.send();
  serve(rig, await rig.peer.next());
  const second = await rig.peer.next();
  expect(askedFor(second)).toBe(1);
  expect(await rig.failure(asked)).toMatchObject({ failure: "timeout" });
  expect(rig.clock.monotonic() - second.atMs).toBeLessThanOrEqual(30_000);
  await rig.expectTablesEmpty();
});

test.each([1_025, 1_281, 5_000, 51_200])(
  "row 22: a body of %i bytes goes block-wise by itself and arrives whole",
  async (size) => {
    const rig = coapRig();
    const payload = Uint8Array.from({ length: size }, (_, index) => index % 251);
    const asked = rig.send({ method: "POST", payload, contentFormat: 50 });
    const arrived: number[] = [];
    rig.peer.automatic((request) => {
      const block = blockOf(request, block1);
      if (!block) throw new Error("sent without Block1");
      expect(block.num * 1_024).toBe(arrived.length);
      expect(request.payload.length).toBeLessThanOrEqual(1_024);
      // Without Size1 ThingsBoard reserves 256 MiB for each upload.
      expect(uintOf(optionOf(request, size1) ?? new Uint8Array())).toBe(size);
      arrived.push(...request.payload);
      const code = block.more ? "2.31" : "2.04";
      rig.peer.piggyback(request, { code, options: [blockOption(block1, block)] });
    });
    expect((await rig.response(asked)).code).toBe("2.04");
    expect(Buffer.from(arrived).equals(payload)).toBe(true);
    await rig.expectTablesEmpty();
  },
);
