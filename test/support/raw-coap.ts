import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/**
 * A CoAP client of the tests, with a coder of its own: neither the agent's nor the sandbox's nor a package's.
 * It shows every datagram as it comes, and acknowledges only when told.
 */

export interface RawMessage {
  readonly type: "CON" | "NON" | "ACK" | "RST";
  readonly code: string;
  readonly messageId: number;
  /** In hexadecimal. */
  readonly token: string;
  /** Option number and value, in the order of the bytes. */
  readonly options: readonly (readonly [number: number, value: Buffer])[];
  readonly payload: Buffer;
}

export interface RawRequest {
  readonly type?: "CON" | "NON";
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: readonly string[];
  readonly body?: string | Buffer;
  readonly contentFormat?: number;
  readonly observe?: number;
  readonly block1?: number;
  readonly block2?: number;
  readonly token?: string;
  readonly messageId?: number;
}

const TYPES = ["CON", "NON", "ACK", "RST"] as const;
const METHODS = { GET: 1, POST: 2, PUT: 3, DELETE: 4 } as const;
const ANSWER_LIMIT_MS = 5_000;

export const optionUint = (message: RawMessage, wanted: number): number | undefined => {
  const found = message.options.find(([number]) => number === wanted);
  return found && (found[1].length === 0 ? 0 : found[1].readUIntBE(0, found[1].length));
};

const uint = (value: number): Buffer => {
  const hex = value.toString(16);
  return value === 0 ? Buffer.alloc(0) : Buffer.from(hex.length % 2 ? `0${hex}` : hex, "hex");
};

export function rawRequest(request: RawRequest, token: string, messageId: number): Buffer {
  const options: [number, Buffer][] = request.path
    .split("/")
    .slice(1)
    .map((segment) => [11, Buffer.from(segment)]);
  for (const query of request.query ?? []) options.push([15, Buffer.from(query)]);
  if (request.contentFormat !== undefined) options.push([12, uint(request.contentFormat)]);
  if (request.observe !== undefined) options.push([6, uint(request.observe)]);
  if (request.block1 !== undefined) options.push([27, uint(request.block1)]);
  if (request.block2 !== undefined) options.push([23, uint(request.block2)]);
  const code = METHODS[request.method];
  return rawBytes(request.type ?? "CON", code, messageId, token, options, request.body);
}

export function rawBytes(
  type: RawMessage["type"],
  code: number,
  messageId: number,
  token = "",
  options: readonly [number, Buffer][] = [],
  body: string | Buffer = "",
): Buffer {
  const tokenBytes = Buffer.from(token, "hex");
  const head = Buffer.alloc(4);
  head.writeUInt8(64 + TYPES.indexOf(type) * 16 + tokenBytes.length, 0);
  head.writeUInt8(code, 1);
  head.writeUInt16BE(messageId, 2);
  const parts: Buffer[] = [head, tokenBytes];
  let last = 0;
  const field = (value: number) =>
    value < 13
      ? [value]
      : value < 269
        ? [13, value - 13]
        : [14, (value - 269) >> 8, (value - 269) & 255];
  for (const [number, value] of options.toSorted(([a], [b]) => a - b)) {
    const [delta = 0, ...deltaMore] = field(number - last);
    const [length = 0, ...lengthMore] = field(value.length);
    parts.push(Buffer.from([delta * 16 + length, ...deltaMore, ...lengthMore]), value);
    last = number;
  }
  const payload = Buffer.from(body);
  return Buffer.concat(payload.length ? [...parts, Buffer.from([255]), payload] : parts);
}

export function parseRaw(bytes: Buffer): RawMessage {
  const first = bytes.readUInt8(0);
  if (first >> 6 !== 1) throw new Error(`not CoAP: ${bytes.toString("hex")}`);
  const code = bytes.readUInt8(1);
  let at = 4 + (first & 15);
  const token = bytes.subarray(4, at).toString("hex");
  const options: [number, Buffer][] = [];
  let number = 0;
  const field = (nibble: number) => {
    if (nibble === 13) return 13 + bytes.readUInt8(at++);
    if (nibble < 13) return nibble;
    at += 2;
    return 269 + bytes.readUInt16BE(at - 2);
  };
  while (at < bytes.length && bytes[at] !== 255) {
    const head = bytes.readUInt8(at++);
    number += field(head >> 4);
    const length = field(head & 15);
    options.push([number, bytes.subarray(at, at + length)]);
    at += length;
  }
  const type = TYPES[(first >> 4) & 3] ?? "CON";
  const payload = bytes.subarray(at + 1);
  const text = `${code >> 5}.${String(code & 31).padStart(2, "0")}`;
  return { type, code: text, messageId: bytes.readUInt16BE(2), token, options, payload };
}

export interface RawClient extends AsyncDisposable {
  readonly port: number;
  /** Sends a request; its token and message ID are fresh unless given. */
  send(request: RawRequest): { readonly token: string; readonly messageId: number };
  sendBytes(bytes: Buffer): void;
  /** The next datagram that nobody has taken; rejects after 5 s without one. */
  next(): Promise<RawMessage>;
  acknowledge(message: RawMessage): void;
  reset(message: RawMessage): void;
  /**
   * A ping and its RST: everything the server sent before it has arrived by then.
   * Resolves to what arrived in between and nobody took.
   */
  settled(): Promise<readonly RawMessage[]>;
}

export async function openRawClient(serverPort: number): Promise<RawClient> {
  const socket: Socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const arrived: RawMessage[] = [];
  let wake: (() => void) | null = null;
  let counter = Math.floor(Math.random() * 30_000);
  socket.on("message", (bytes) => {
    arrived.push(parseRaw(bytes));
    wake?.();
  });
  const sendBytes = (bytes: Buffer) => socket.send(bytes, serverPort, "127.0.0.1");
  const next = async (): Promise<RawMessage> => {
    for (;;) {
      const message = arrived.shift();
      if (message) return message;
      await new Promise<void>((resolve, reject) => {
        const late = () => reject(new Error(`no datagram within ${ANSWER_LIMIT_MS} ms`));
        const timer = setTimeout(late, ANSWER_LIMIT_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = null;
    }
  };
  return {
    port: socket.address().port,
    send(request) {
      const messageId = request.messageId ?? ++counter;
      const token = request.token ?? (0x10000000 + messageId).toString(16);
      sendBytes(rawRequest(request, token, messageId));
      return { token, messageId };
    },
    sendBytes,
    next,
    acknowledge: ({ messageId }) => sendBytes(rawBytes("ACK", 0, messageId)),
    reset: ({ messageId }) => sendBytes(rawBytes("RST", 0, messageId)),
    async settled() {
      const messageId = ++counter;
      sendBytes(rawBytes("CON", 0, messageId));
      const between: RawMessage[] = [];
      for (;;) {
        const message = await next();
        if (message.type === "RST" && message.messageId === messageId) return between;
        between.push(message);
      }
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, "close");
    },
  };
}
