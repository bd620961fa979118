import { expect, it } from "vitest";
import { callTree, costs } from "../../bench/call-tree.ts";
import { flameGraph } from "../../bench/flame-graph.ts";

const frame = (functionName: string, url = "file:///pipit.cjs") => ({
  functionName,
  url,
  lineNumber: 3,
  columnNumber: 6,
});

const profile = {
  startTime: 1_000,
  nodes: [
    { id: 1, callFrame: frame("(root)", ""), children: [2, 3, 4] },
    { id: 2, callFrame: frame("(idle)", "") },
    { id: 3, callFrame: frame("beat"), children: [5, 6] },
    { id: 4, callFrame: frame("read", "node:fs") },
    { id: 5, callFrame: frame("") },
    { id: 6, callFrame: frame("read", "node:fs") },
  ],
  // At 1010, 1110, 1160, 1190, 1200 and 1500.
  samples: [3, 2, 5, 6, 4, 3],
  timeDeltas: [10, 100, 50, 30, 10, 300],
};

it("adds up who called whom, without sleep", () => {
  const root = callTree(profile, 0, 2_000);
  expect(root).toMatchObject({
    name: "(root)",
    totalUs: 400,
    calls: [
      {
        name: "beat",
        selfUs: 310,
        totalUs: 390,
        calls: [
          { name: "(anonymous) 4:7", totalUs: 50 },
          { name: "read node:fs", totalUs: 30 },
        ],
      },
      { name: "read node:fs", totalUs: 10 },
    ],
  });
});

it("counts what lies between the two moments only", () => {
  expect(callTree(profile, 1_100, 1_500).totalUs).toBe(90);
});

it("says what a function takes wherever it is called from, the dearest first", () => {
  expect(costs(callTree(profile, 0, 2_000)).slice(0, 3)).toEqual([
    { name: "beat", selfUs: 310 },
    { name: "(anonymous) 4:7", selfUs: 50 },
    { name: "read node:fs", selfUs: 40 },
  ]);
});

it("draws a call upon its caller, as wide as it is dear", () => {
  const svg = flameGraph(callTree(profile, 0, 2_000), (us) => `${us} µs`);
  expect(svg).toContain("<title>beat: 390 µs, itself 310 µs</title>");
  expect(svg).toContain('<rect x="0.0" y="18" width="1170.0"');
  expect(svg).toContain('<rect x="0.0" y="36" width="150.0"');
});
