import type { CoapRequest } from "../ports.ts";
import { packBlock } from "./block.ts";
import { CoapError } from "./coap-error.ts";
import type { OutgoingOption } from "./encode.ts";
import type { Block } from "./message.ts";
import { OPTION, writeUint } from "./options.ts";

/** RFC 7252 §5.10.1. */
const MAX_SEGMENT_BYTES = 255;

/** What this one message adds to the options of its request. */
export interface MessageOptions {
  /** 0 registers, 1 cancels (RFC 7641 §2). */
  readonly observe?: number;
  readonly block1?: Block;
  readonly block2?: Block;
  readonly size1?: number;
}

type Addressed = Pick<CoapRequest, "path" | "query" | "contentFormat" | "payload">;

/** @throws CoapError `rejected` for a path or query that no message can carry */
export function requestOptions(
  { path, query = [], contentFormat, payload }: Addressed,
  { observe, block1, block2, size1 }: MessageOptions = {},
): readonly OutgoingOption[] {
  const options = [
    ...path.map((segment) => textOption(OPTION.uriPath, segment)),
    ...query.map((argument) => textOption(OPTION.uriQuery, argument)),
  ];
  const uint = (number: number, value: number | undefined) => {
    if (value !== undefined) options.push({ number, value: writeUint(value) });
  };
  uint(OPTION.observe, observe);
  if (payload?.length) uint(OPTION.contentFormat, contentFormat);
  uint(OPTION.block2, block2 && packBlock(block2));
  uint(OPTION.block1, block1 && packBlock(block1));
  uint(OPTION.size1, size1);
  return options;
}

const HINTS = {
  "path segment": "use a shorter access token or name: each part between two slashes counts alone",
  "query argument": "ask for fewer keys at a time",
} as const;

const encoder = new TextEncoder();

function textOption(number: number, text: string): OutgoingOption {
  const value = encoder.encode(text);
  if (value.length > MAX_SEGMENT_BYTES) {
    const what = number === OPTION.uriPath ? "path segment" : "query argument";
    // Its text may be the access token: it does not belong into a message.
    throw new CoapError(
      "rejected",
      `a ${what} has ${value.length} bytes, CoAP allows ${MAX_SEGMENT_BYTES}`,
      { hint: HINTS[what] },
    );
  }
  return { number, value };
}
