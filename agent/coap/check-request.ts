import type { CoapRequest } from "../ports.ts";
import { CoapError } from "./coap-error.ts";
import { METHOD } from "./message.ts";

/** RFC 7252 §5.10: Content-Format has two bytes. */
const MAX_CONTENT_FORMAT = 65_535;

/**
 * What the types cannot promise about a request, before anything of it is queued or sent.
 * @throws CoapError `rejected`
 */
export function checkRequest({ method, contentFormat, deadlineMs }: CoapRequest): void {
  if (!Object.hasOwn(METHOD, method)) {
    const hint = `use one of ${Object.keys(METHOD).join(", ")}`;
    throw new CoapError("rejected", `"${method}" is not a CoAP method of this client`, { hint });
  }
  if (contentFormat !== undefined && !isContentFormat(contentFormat)) {
    const text = `the content format ${contentFormat} is not a whole number from 0 to ${MAX_CONTENT_FORMAT}`;
    throw new CoapError("rejected", text, { hint: "50 is JSON, 42 is bytes, 0 is text" });
  }
  if (deadlineMs !== undefined && !(deadlineMs > 0)) {
    const text = `the deadline of ${deadlineMs} ms is not a number above 0`;
    throw new CoapError("rejected", text, { hint: "leave it out for 30 s" });
  }
}

const isContentFormat = (value: number): boolean =>
  Number.isInteger(value) && value >= 0 && value <= MAX_CONTENT_FORMAT;
