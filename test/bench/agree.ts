/**
 * agree RESULTS RESULTS: whether two runs of the benchmark differ by no more than the noise that they state themselves. Exits 1 where one
 * does, or states so much that anything would agree.
 */
import { compared, figuresOf } from "./agreement.ts";
import { resultsIn } from "./results.ts";
import { plusMinus } from "./statistics.ts";

const [one, other] = process.argv.slice(2);
if (one === undefined || other === undefined) throw new Error("agree RESULTS RESULTS");

const lines = compared(figuresOf(resultsIn(one)), figuresOf(resultsIn(other)));
if (lines.length === 0) throw new Error("the two have no figure in common");
for (const { name, one: first, other: second, may, verdict } of lines) {
  process.stdout.write(
    `${name.padEnd(60)}${first.toFixed(2).padStart(9)}${second.toFixed(2).padStart(9)}${plusMinus(may).padStart(9)}  ${verdict}\n`,
  );
}
if (lines.some(({ verdict }) => verdict === "DIFFERS" || verdict === "too noisy"))
  process.exitCode = 1;
