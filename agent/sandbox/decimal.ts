/** A decimal number as written: unscaled × 10^-scale, like Java's BigDecimal, on which ThingsBoard's rules rest. */
export interface Decimal {
  readonly unscaled: bigint;
  /** Digits after the point; negative for 1e3. */
  readonly scale: number;
}

/** "0.30000000000000004" has scale 17, "1.5e10" has scale -9. */
export function parseDecimal(text: string): Decimal {
  const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  return { unscaled: BigInt(whole + fraction), scale: fraction.length - Number(exponent) };
}

/** Zeros at the end do not make a fraction: 3.0 is integral. */
export function isIntegral({ unscaled, scale }: Decimal): boolean {
  if (scale <= 0 || unscaled === 0n) return true;
  const digits = String(unscaled).replace(/0+$/, "");
  const stripped = String(unscaled).length - digits.length;
  return scale - stripped <= 0;
}

/** Whether it fits Java's long. */
export const isLong = (whole: bigint): boolean => whole >= -(2n ** 63n) && whole < 2n ** 63n;

/** Digits without an exponent: 1.23e-15 is "0.00000000000000123". */
export function plainText({ unscaled, scale }: Decimal): string {
  const sign = unscaled < 0n ? "-" : "";
  const digits = String(unscaled < 0n ? -unscaled : unscaled);
  if (scale <= 0) return digits === "0" ? "0" : sign + digits + "0".repeat(-scale);
  const padded = digits.padStart(scale + 1, "0");
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}
