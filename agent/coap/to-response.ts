import type { CoapResponse } from "../ports.ts";
import { formatCode, type Message } from "./message.ts";

export const toResponse = ({ code, payload, options }: Message): CoapResponse => ({
  code: formatCode(code),
  payload,
  ...(options.contentFormat !== undefined && { contentFormat: options.contentFormat }),
  ...(options.maxAge !== undefined && { maxAge: options.maxAge }),
});
