/** Message types in the order of their two bits (RFC 7252 §3). */
export const MESSAGE_TYPES = ["CON", "NON", "ACK", "RST"] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** Block1 or Block2 (RFC 7959 §2.2): block `num` of 2^(szx+4) bytes. */
export interface Block {
  readonly num: number;
  readonly more: boolean;
  readonly szx: number;
}

/** The options that mean something in a response to us. A view into the datagram, nothing copied. */
export interface ResponseOptions {
  etag?: Uint8Array;
  observe?: number;
  contentFormat?: number;
  maxAge?: number;
  block1?: Block;
  block2?: Block;
  size1?: number;
  size2?: number;
}

export interface Message {
  readonly type: MessageType;
  /** The code's byte: class in the upper three bits, detail in the lower five. */
  readonly code: number;
  readonly messageId: number;
  /** In hexadecimal, so that it can be a key; "" when there is none. */
  readonly token: string;
  readonly options: Readonly<ResponseOptions>;
  readonly payload: Uint8Array;
  /** Why this message must not be processed although it is well-formed: "unsupported option 9". */
  readonly objection?: string;
}

const code = (codeClass: number, detail: number): number => (codeClass << 5) | detail;

export const EMPTY = 0;
export const METHOD = { GET: 1, POST: 2, PUT: 3, DELETE: 4 } as const;
export const CODE = {
  deleted: code(2, 2),
  continue: code(2, 31),
  unauthorized: code(4, 1),
  requestEntityIncomplete: code(4, 8),
  requestEntityTooLarge: code(4, 13),
} as const;

export const classOf = (code: number): number => code >> 5;
export const isSuccess = (code: number): boolean => classOf(code) === 2;

/** RFC 7252 §12.1.2: classes 2, 4 and 5 are responses; 1, 3, 6 and 7 are reserved. */
export const isResponse = (code: number): boolean => [2, 4, 5].includes(classOf(code));

/** 0x45 is "2.05". */
export const formatCode = (code: number): string =>
  `${classOf(code)}.${String(code & 31).padStart(2, "0")}`;

/**
 * A response establishes or keeps an observation only if it is 2.xx with Observe (RFC 7641 §3.1).
 * ThingsBoard's 2.02 ends one, although Californium adds the option to it.
 */
export const isObserved = (message: Message): boolean =>
  isSuccess(message.code) && message.code !== CODE.deleted && message.options.observe !== undefined;
