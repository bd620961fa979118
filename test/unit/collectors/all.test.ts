import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { collectors } from "../../../agent/collectors/index.ts";

const root = join(import.meta.dirname, "../../..");
const folder = join(root, "agent/collectors");
const textOf = (path: string) => readFileSync(join(root, path), "utf8");
const LINE = /^export \{ (\w+) \} from "\.\/([\w-]+)\.ts";$/;

it("each collector is one line, and none is forgotten", () => {
  const files = readdirSync(folder).filter((name) =>
    /^export const \w+: Collector = /m.test(textOf(`agent/collectors/${name}`)),
  );
  const lines = textOf("agent/collectors/all.ts").trim().split("\n").slice(1);
  expect(lines.map((line) => `${LINE.exec(line)?.[2]}.ts`)).toEqual(files);
  expect(collectors).toHaveLength(files.length + 1); // the disk of an empty configuration
});

it("the line that the guide tells to write is such a line", () => {
  const [, step = ""] = textOf("docs/adding-a-sensor.md").split("## 3. The line");
  const [, block = ""] = step.split("```");
  expect(block.replace(/^ts\n/, "").trimEnd()).toMatch(LINE);
});
