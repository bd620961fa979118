import { gapKeys } from "./agent.ts";
import type { Collector, KeySpec } from "./collector.ts";

/** docs/telemetry.md, from what the collectors declare. */
export function telemetryManual(collectors: readonly Collector[]): string {
  const rows = collectors.flatMap((collector) =>
    Object.entries(collector.keys).map(([key, spec]) => {
      const { unit, meaning, source, optional } = spec;
      const sent = optional ? key : collector.metric;
      const link = `[${collector.name}](../agent/collectors/${collector.name}.ts)`;
      const cells = [`\`${key}\``, unit || "–", meaning, sourceCell(source), storedAs(spec)];
      return `| ${[...cells, `\`"${sent}"\``, link].join(" | ")} |`;
    }),
  );
  const gaps = Object.entries(gapKeys).map(
    ([key, spec]) => `| \`${key}\` | ${spec.unit || "–"} | ${spec.meaning} | ${storedAs(spec)} |`,
  );
  return `# Telemetry keys

<!-- Generated from agent/collectors by \`npm run generate\`; do not edit. -->

One sample is one \`ts\` with the readings below. A reading that could not be taken is absent: never 0, never the last
value. A rate is absent in the first sample after a start, and in the one after its counter was reset. What a machine does
not have is absent without a word: a key that begins with \`pi\` on another board, \`swapUsage\` without swap.

| key | unit | meaning | source | stored as | sent when \`[system] metrics\` holds | collector |
|---|---|---|---|---|---|---|
${rows.join("\n")}

Any key can also be named by itself, without its group: \`metrics = ["cpu", "load15"]\`.

MB is 10⁶ bytes and GB 10⁹ bytes. A file system of \`disk_paths\` other than \`/\` puts its name before the quantity:
\`/mnt/usb\` gives \`usbDiskUsage\`, \`usbDiskFreeGb\` and \`usbInodeUsage\`.

The keys of the group \`agent\` are sent every 5 minutes, and at once when a sample was dropped or a look failed for the first
time in 5 minutes.

## After an outage

Nothing that waited is lost, but a gap in what arrived when is told. When all samples of an outage have been delivered or dropped, one sample
follows with these keys, whatever \`[system] metrics\` holds, and the client attribute \`outageCause\` says what began it:

| key | unit | meaning | stored as |
|---|---|---|---|
${gaps.join("\n")}

An outage is a time without an acknowledgement of more than 60 s, and more than two intervals, in which a request failed, no sample had
a time yet, or the agent did not run. A single request that fails and is answered at the next try is none. When the link goes again before the
backlog is gone, the times add up and are told as one. A restart in the middle is no end of it.

A key keeps its type: 48 °C is sent as \`48.0\`. ThingsBoard turns a string that looks like a decimal number into one (\`"0012"\`
into 12), so such a string gets a \`v\` in front. Keys begin with a letter and go on with letters, digits and \`_\`; \`ts\` and
\`values\` are ThingsBoard's own.
`;
}

const sourceCell = (source: string) =>
  source.startsWith("/")
    ? source
        .split(", ")
        .map((path) => `\`${path}\``)
        .join(", ")
    : source;

function storedAs({ flag, whole }: KeySpec): string {
  if (flag) return "BOOLEAN";
  return whole ? "LONG" : "DOUBLE";
}
