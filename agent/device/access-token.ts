import type { Random } from "../ports.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const TOKEN_LENGTH = 32;

/** 32 characters of 62: 190 bits. Unique platform-wide, as ThingsBoard demands. */
export function newAccessToken(random: Random): string {
  let token = "";
  while (token.length < TOKEN_LENGTH) {
    for (const byte of random.bytes(TOKEN_LENGTH)) {
      // 248 = 4 x 62: bytes above would favour the first letters.
      if (byte < 248 && token.length < TOKEN_LENGTH) token += ALPHABET[byte % ALPHABET.length];
    }
  }
  return token;
}
