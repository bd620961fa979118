/** Deeper than anything a device sends, far from the end of the stack. */
export const MOST_LEVELS = 200;

/** Whether objects and arrays nest too deeply to be walked by recursion. Reads the text once, valid JSON or not. */
export function isTooDeep(text: string): boolean {
  let level = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    // In "a\"b" the second quote ends nothing.
    if (inString && character === "\\") at++;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (character === "{" || character === "[") level++;
    else if (character === "}" || character === "]") level--;
    if (level > MOST_LEVELS) return true;
  }
  return false;
}
