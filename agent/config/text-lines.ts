/** Where the lines of a text are; lines count from 1, offsets from 0. */
export interface TextLines {
  readonly count: number;
  lineOf(offset: number): number;
  start(line: number): number;
  /** Before its line end. */
  end(line: number): number;
}

export function textLines(text: string): TextLines {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const start = (line: number) => starts[line - 1] ?? 0;
  return {
    count: starts.length,
    start,
    end(line) {
      const end = line < starts.length ? start(line + 1) - 1 : text.length;
      return text[end - 1] === "\r" && end > start(line) ? end - 1 : end;
    },
    lineOf(offset) {
      let low = 1;
      let high = starts.length;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (start(middle) <= offset) low = middle;
        else high = middle - 1;
      }
      return low;
    },
  };
}
