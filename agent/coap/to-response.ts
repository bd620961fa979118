import type { CoapResponse } from "../ports.ts";
import { formatCode, type Message } from "./message.ts";

export function toResponse({ code, payload, options: { contentFormat } }: Message): CoapResponse {
  const response = { code: formatCode(code), payload };
  return contentFormat === undefined ? response : { ...response, contentFormat };
}
