import { InvalidWindow } from "./window.ts";

const MOST_INVALID = 3;

/** So many windows; one that says nothing is measured again. @throws InvalidWindow: the third such one */
export async function validWindows<Window>(
  count: number,
  say: (text: string) => void,
  measure: () => Promise<Window>,
): Promise<readonly Window[]> {
  const windows: Window[] = [];
  for (let invalid = 0; windows.length < count; ) {
    try {
      windows.push(await measure());
      say(`window ${windows.length} of ${count}`);
    } catch (error) {
      if (!(error instanceof InvalidWindow) || ++invalid === MOST_INVALID) throw error;
      say(`${error.message}: measured again`);
    }
  }
  return windows;
}

/** @throws InvalidWindow: something else was measured with it */
export function demandPlausible(
  floorMs: number,
  [least, most]: readonly [least: number, most: number],
): void {
  if (floorMs < least || floorMs > most)
    throw new InvalidWindow(`the C program took ${floorMs.toFixed(3)} ms, not ${least} to ${most}`);
}
