import {
  entryRows,
  jobSettings,
  type SensorType,
  sensorSettings,
  sensorTypes,
} from "./sensor-settings.ts";
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
  return [HEAD, ...[...blocks, ...listBlocks()].map((block) => `${block}\n`)].join("\n");
}

/** One example of each sort of entry, commented out: all settings with the first, with the others those of their own. */
function listBlocks(): readonly string[] {
  const lines = (rows: ReturnType<typeof entryRows>) =>
    rows.map(([name, { kind, default: given, example, meaning }]) =>
      sampleLine(name, { kind, default: given ?? example, meaning }),
    );
  const sensors = sensorTypes.map((type) => {
    const rows = entryRows(sensorSettings, type).map(([name, row]) =>
      name === "key"
        ? ([name, { ...row, default: exampleKeys[type] }] as const)
        : ([name, row] as const),
    );
    const shown = rows.filter(([name, { types }]) =>
      // Of two that exclude each other the sample shows one.
      type === "kernel" ? name !== "schedule" : name === "key" || types !== undefined,
    );
    const assignment = `# type = "${type}"`.padEnd(COMMENT_COLUMN);
    const head = `${assignment}# ${typeMeanings[type]}`;
    return ["# [[sensors]]", head, ...lines(shown)].join("\n");
  });
  return [
    "# Sensors; `pipit sensors scan` prints entries to paste.",
    ...sensors,
    ["# [[jobs]]", ...lines(entryRows(jobSettings))].join("\n"),
  ];
}

const exampleKeys: Readonly<Record<SensorType, string>> = {
  kernel: "tankTemperature",
  gpio: "doorOpen",
  exec: "upsCharge",
  file: "waterLevel",
};

export const typeMeanings: Readonly<Record<SensorType, string>> = {
  kernel: "a channel of IIO, hwmon or 1-Wire",
  gpio: "an input line: docs/gpio.md",
  exec: "a program of yours: docs/own-programs.md",
  file: "a number or JSON in a file",
};

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
