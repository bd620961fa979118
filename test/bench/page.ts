/**
 * page RESULTS DOCS: writes performance.md, and its plots in performance/, into the folder DOCS, from what the parts of the benchmark have
 * added to the file RESULTS.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { plotsOf } from "./page-plots.ts";
import { performancePage } from "./performance-page.ts";
import { resultsIn } from "./results.ts";

const [results, docs] = process.argv.slice(2);
if (results === undefined || docs === undefined) throw new Error("page RESULTS DOCS");

const found = resultsIn(results);
const page = performancePage(found);
const plots = join(docs, "performance");
rmSync(plots, { recursive: true, force: true });
mkdirSync(plots, { recursive: true });
for (const [name, svg] of Object.entries(plotsOf(found))) writeFileSync(join(plots, name), svg);
writeFileSync(join(docs, "performance.md"), page);
