import { parse } from "coap-packet";
import { expect, it } from "vitest";
import { decode } from "../../../agent/coap/decode.ts";
import { encode } from "../../../agent/coap/encode.ts";
import { METHOD } from "../../../agent/coap/message.ts";
import { OPTION, writeUint } from "../../../agent/coap/options.ts";
import { requestOptions } from "../../../agent/coap/request-options.ts";

const text = (value: string) => new TextEncoder().encode(value);

it("writes an empty message as four bytes", () => {
  expect(encode({ type: "ACK", code: 0, messageId: 0x1234 }).toHex()).toBe("60001234");
  expect(encode({ type: "RST", code: 0, messageId: 0x1234 }).toHex()).toBe("70001234");
  expect(encode({ type: "CON", code: 0, messageId: 0xffff }).toHex()).toBe("4000ffff");
});

it("keeps message ID 0", () => {
  expect(encode({ type: "ACK", code: 0, messageId: 0 }).toHex()).toBe("60000000");
});

it("writes a request that another parser reads the same", () => {
  const path = ["api", "v1", "token", "telemetry"];
  const bytes = encode({
    type: "NON",
    code: METHOD.POST,
    messageId: 7,
    token: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    options: requestOptions(
      { path, query: ["a=1", "b=2"], contentFormat: 50, payload: text("x") },
      { block1: { num: 2, more: true, szx: 6 }, size1: 3_000 },
    ),
    payload: text("x"),
  });
  const packet = parse(Buffer.from(bytes));
  expect(packet).toMatchObject({ code: "0.02", confirmable: false, ack: false, reset: false });
  expect(packet.token.toString("hex")).toBe("0102030405060708");
  expect(packet.options.map(({ name, value }) => `${name}=${value.toString("latin1")}`)).toEqual([
    ...path.map((segment) => `Uri-Path=${segment}`),
    "Content-Format=2",
    "Uri-Query=a=1",
    "Uri-Query=b=2",
    "Block1=.",
    "Size1=\x0b\xb8",
  ]);
  expect(packet.payload.toString()).toBe("x");
});

it("is not bound by the package's 1280 bytes", () => {
  const payload = new Uint8Array(2_000).fill(1);
  expect(encode({ type: "CON", code: METHOD.POST, messageId: 1, payload }).length).toBe(2_005);
});

it("keeps binary payloads whole", () => {
  const payload = Uint8Array.from({ length: 256 }, (_, index) => index);
  const decoded = decode(encode({ type: "NON", code: 0x45, messageId: 1, payload }));
  expect(decoded.ok && [...decoded.message.payload]).toEqual([...payload]);
});

it("writes integers in the shortest form", () => {
  expect([0, 1, 255, 256, 65_536].map((value) => writeUint(value).toHex())).toEqual([
    "",
    "01",
    "ff",
    "0100",
    "010000",
  ]);
});

it("adds a Content-Format only to a body", () => {
  const options = requestOptions({ path: [], contentFormat: 50, payload: new Uint8Array() });
  expect(options.some(({ number }) => number === OPTION.contentFormat)).toBe(false);
});

it("refuses a path segment of 256 bytes without repeating it: it may be the access token", () => {
  const secret = "s".repeat(256);
  expect(() => requestOptions({ path: [secret] })).toThrow(/a path segment has 256 bytes/);
  expect(() => requestOptions({ path: [secret] })).not.toThrow(/sss/);
  expect(() => requestOptions({ path: [], query: [secret] })).toThrow(/query argument/);
});
