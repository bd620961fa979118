import { randomBytes } from "node:crypto";
import type { Random } from "../ports.ts";

export const systemRandom: Random = {
  fraction: () => Math.random(),
  bytes: (size) => new Uint8Array(randomBytes(size)),
};
