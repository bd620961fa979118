import { Writable } from "node:stream";

/** One line that a person types, shown or hidden; the question goes to stderr, because stdout is for data. */
export async function prompt(question: string, isHidden: boolean): Promise<string> {
  process.stderr.write(`  ${question}: `);
  // Readline shows what is typed by writing it; of a secret nothing is written.
  const echo = new Writable({
    write(chunk, _encoding, done) {
      if (!isHidden) process.stderr.write(chunk);
      done();
    },
  });
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: echo, terminal: true });
  try {
    return (await lines.question("")).trim();
  } finally {
    lines.close();
    if (isHidden) process.stderr.write("\n");
  }
}
