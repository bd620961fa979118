import type { Call } from "./call-tree.ts";

const WIDTH = 1_200;
const ROW = 18;
/** Narrower is not drawn, and below that no name fits. */
const NARROWEST = 0.5;
const NARROWEST_NAME = 30;
const CHARACTER = 7;

/** One rectangle a call, as wide as what it takes, upon its caller. `shown` puts microseconds into words. */
export function flameGraph(root: Call, shown: (us: number) => string): string {
  const scale = WIDTH / Math.max(1, root.totalUs);
  const boxes: string[] = [];
  let deepest = 0;
  const draw = (call: Call, left: number, depth: number) => {
    const width = call.totalUs * scale;
    if (width < NARROWEST) return;
    deepest = Math.max(deepest, depth);
    const name = escaped(call.name);
    const room = Math.floor((width - 6) / CHARACTER);
    const label = width < NARROWEST_NAME ? "" : escaped(call.name.slice(0, room));
    boxes.push(
      `<g><title>${name}: ${shown(call.totalUs)}, itself ${shown(call.selfUs)}</title>` +
        `<rect x="${left.toFixed(1)}" y="${depth * ROW}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${colour(call.name)}"/>` +
        `<text x="${(left + 3).toFixed(1)}" y="${depth * ROW + 13}">${label}</text></g>`,
    );
    let at = left;
    for (const inner of call.calls) {
      draw(inner, at, depth + 1);
      at += inner.totalUs * scale;
    }
  };
  draw(root, 0, 0);
  const height = (deepest + 1) * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="12">
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
${boxes.join("\n")}
</svg>
`;
}

/** Node's own in grey, so that ours stand out. */
const colour = (name: string) =>
  / node:/.test(name) ? "#c9ccd1" : name.startsWith("(") ? "#dfe6d5" : "#f2a65a";

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
