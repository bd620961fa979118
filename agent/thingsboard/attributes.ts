import type { Readings } from "../ports.ts";
import { type Refusal, serialiseSample } from "./serialise.ts";

export interface EncodedAttributes {
  /** `{"osName":"Debian GNU/Linux",…}`; null when nothing is left to send. */
  readonly payload: Uint8Array | null;
  readonly refused: readonly Refusal[];
}

/** As telemetry, without a time: `{"ts":1,"values":{…}}` around attributes would be two attributes. */
const ANY_TS = 1;

/** Attributes are whole numbers, flags and texts. */
const OPTIONS = { precision: 3, isDecimal: () => false };

/** One JSON object; values by the same rules as in telemetry, `"12345678"` gets a `v` in front. */
export function encodeAttributes(readings: Readings): EncodedAttributes {
  const { text, refused } = serialiseSample({ ts: ANY_TS, readings }, OPTIONS);
  const values = text?.slice(text.indexOf("{", 1), -1);
  return { payload: values === undefined ? null : new TextEncoder().encode(values), refused };
}
