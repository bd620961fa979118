import type { Setting } from "./setting.ts";
import { sections } from "./settings.ts";
import { wrap } from "./wrap.ts";

const COMMENT_COLUMN = 38;
const LINE_WIDTH = 110;

const HEAD = `# Pipit: ThingsBoard device agent            manual: docs/configuration.md
# check:  pipit config check                 reload: sudo systemctl reload pipit
# Every setting is shown. A line that starts with "# name =" shows the default; url, key and secret have none.
# Durations: "500ms" "30s" "5m" "2h" "7d".  Sizes: "100KB" "64MB" "1GB" (powers of 1000).
`;

/** The annotated file that is installed as /etc/pipit/pipit.toml: every setting, commented out. */
export function sampleToml(): string {
  const blocks = Object.entries(sections).map(([section, { meaning, settings }]) =>
    [
      `[${section}]`,
      `# ${meaning}`,
      ...Object.entries<Setting<unknown>>(settings).map(([name, row]) => sampleLine(name, row)),
    ].join("\n"),
  );
  return [HEAD, ...blocks.map((block) => `${block}\n`)].join("\n");
}

/** The comment stands beside the setting, and goes on below it where the line is full. */
function sampleLine(name: string, { kind, default: value, example, meaning }: Setting<unknown>) {
  const assignment = `# ${name} = ${kind.toToml(example ?? value)}`;
  const comment = wrap(meaning, LINE_WIDTH - COMMENT_COLUMN - 2).map((part) => `# ${part}`);
  const beside = assignment.length < COMMENT_COLUMN;
  const margin = " ".repeat(COMMENT_COLUMN);
  return beside
    ? `${assignment.padEnd(COMMENT_COLUMN)}${comment.join(`\n${margin}`)}`
    : [assignment, ...comment.map((part) => `${margin}${part}`)].join("\n");
}
