/** `value * factor + offset`, as a [[sensors]] entry asks for. */
export const calibrate = (
  value: number,
  { factor, offset }: { readonly factor: number; readonly offset: number },
): number => value * factor + offset;
