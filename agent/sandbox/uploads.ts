import { createHash } from "node:crypto";
import type { Clock } from "../ports.ts";
import { OPTION, optionOf, parseBlock, uintOptionOf } from "./coap-options.ts";
import type { Message } from "./wire.ts";

export interface UploadLimits {
  /** ThingsBoard takes 256 MiB; a sandbox does not. */
  readonly maxBodyBytes: number;
  /** Bodies begun within one exchange lifetime. */
  readonly maxUploads: number;
  readonly lifetimeMs: number;
}

export type BlockCheck =
  /** `exchange` names the body for the reassembly behind. */
  | { readonly kind: "pass"; readonly exchange: Uint8Array }
  | { readonly kind: "refuse"; readonly code: string; readonly text: string };

interface Upload {
  readonly exchange: Uint8Array;
  readonly contentFormat: number | undefined;
  readonly begunAt: number;
  nextByte: number;
}

const refuse = (code: string, text: string): BlockCheck => ({ kind: "refuse", code, text });

/**
 * Watches the order and size of Block1 transfers, which npm coap does not answer for: a gap is 4.08
 * (RFC 7959 §2.9.2). Like ThingsBoard's stack it tells transfers apart by peer and URI.
 */
export function createUploads(clock: Clock, limits: UploadLimits) {
  const uploads = new Map<string, Upload>();
  let begun = 0;

  return {
    check(message: Message, peer: string): BlockCheck {
      const name = nameOf(message, peer);
      const value = optionOf(message, OPTION.BLOCK1);
      if (value === undefined) return { kind: "pass", exchange: digest(name) };
      if (value.length > 3) return refuse("4.02", "");
      const { number, more, sizeBytes } = parseBlock(value);
      if (sizeBytes === null) return refuse("4.00", "");
      if ((uintOptionOf(message, OPTION.SIZE1) ?? 0) > limits.maxBodyBytes) return tooLarge();
      const { length } = message.payload;
      if (length > sizeBytes || (more && length !== sizeBytes)) return refuse("4.00", "");

      expire();
      const contentFormat = uintOptionOf(message, OPTION.CONTENT_FORMAT);
      if (number === 0) {
        if (uploads.size >= limits.maxUploads) return refuse("5.00", "");
        const exchange = digest(`${name} ${++begun}`);
        uploads.set(name, { exchange, contentFormat, begunAt: clock.monotonic(), nextByte: 0 });
      }
      const upload = uploads.get(name);
      if (upload?.nextByte !== number * sizeBytes || upload.contentFormat !== contentFormat) {
        uploads.delete(name);
        return refuse("4.08", "wrong block number");
      }
      upload.nextByte += length;
      if (upload.nextByte > limits.maxBodyBytes) return tooLarge();
      if (!more) uploads.delete(name);
      return { kind: "pass", exchange: upload.exchange };
    },
    forget: () => uploads.clear(),
  };

  function expire() {
    for (const [name, { begunAt }] of uploads) {
      if (clock.monotonic() - begunAt <= limits.lifetimeMs) return;
      uploads.delete(name);
    }
  }
}

const tooLarge = () => refuse("4.13", "body too large");

const digest = (name: string): Uint8Array =>
  new Uint8Array(createHash("sha256").update(name).digest().subarray(0, 8));

function nameOf({ code, options }: Message, peer: string): string {
  const uri = options
    .filter(({ number }) => number === OPTION.URI_PATH || number === OPTION.URI_QUERY)
    .map(({ number, value }) => `${number}:${Buffer.from(value).toString("hex")}`);
  return `${peer} ${code} ${uri.join(" ")}`;
}
