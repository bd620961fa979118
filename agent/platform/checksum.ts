import { crc32 } from "../crc32.ts";

const encoder = new TextEncoder();

/** CRC-32 of what the members are as JSON, in hexadecimal: kept beside them, it tells damage from what was written. */
export const checksum = (members: object): string =>
  crc32(encoder.encode(JSON.stringify(members)))
    .toString(16)
    .padStart(8, "0");
