import { MOST_NOISE, type Noise, plusMinus } from "./statistics.ts";
import { InvalidWindow } from "./window.ts";

const MOST_INVALID = 3;

/** Measures again what says nothing. @throws InvalidWindow: the third that says nothing, of all that it measures */
export function createPatience(say: (text: string) => void) {
  let invalid = 0;
  return async <Window>(measure: () => Promise<Window>): Promise<Window> => {
    for (;;) {
      try {
        return await measure();
      } catch (error) {
        if (!(error instanceof InvalidWindow) || ++invalid === MOST_INVALID) throw error;
        say(`${error.message}: measured again`);
      }
    }
  };
}

/** So many windows. @throws InvalidWindow: the third that says nothing */
export async function validWindows<Window>(
  count: number,
  say: (text: string) => void,
  measure: () => Promise<Window>,
): Promise<readonly Window[]> {
  const valid = createPatience(say);
  const windows: Window[] = [];
  while (windows.length < count) {
    windows.push(await valid(measure));
    say(`window ${windows.length} of ${count}`);
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

/** @throws InvalidWindow: a point of it says nothing */
export function demandQuiet(
  of: string,
  points: readonly { readonly at: number; readonly noise: Noise }[],
): void {
  for (const { at, noise } of points)
    if (noise !== null && noise > MOST_NOISE)
      throw new InvalidWindow(`noise of ${plusMinus(noise)} at ${at} ${of}`);
}
