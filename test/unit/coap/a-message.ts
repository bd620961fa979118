import type { Message } from "../../../agent/coap/message.ts";

/** A response as the decoder makes it: `code` is 0x45 for 2.05. */
export const aMessage = (more: Partial<Message> = {}): Message => ({
  type: "ACK",
  code: 0x45,
  messageId: 1,
  token: "aa",
  options: {},
  payload: new Uint8Array(),
  ...more,
});
