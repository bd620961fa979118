import type { Collector } from "./collector.ts";

/** docs/telemetry.md, from what the collectors declare. */
export function telemetryManual(collectors: readonly Collector[]): string {
  const rows = collectors.flatMap((collector) =>
    Object.entries(collector.keys).map(([key, { unit, optional }]) => ({
      key: `\`${key}\``,
      unit: unit === "" ? "–" : unit,
      sent: optional ? `\`"${key}"\`` : `\`"${collector.metric}"\``,
      collector: `[${collector.name}](../agent/collectors/${collector.name}.ts)`,
    })),
  );
  return `# Telemetry keys

<!-- Generated from agent/collectors by \`npm run generate\`; do not edit. -->

One sample is one \`ts\` with the readings below. A reading that could not be taken is absent: never 0, never the last
value. A rate is absent in the first sample after a start, and in the one after its counter was reset.

| key | unit | sent when \`[system] metrics\` holds | collector |
|---|---|---|---|
${rows.map(({ key, unit, sent, collector }) => `| ${key} | ${unit} | ${sent} | ${collector} |`).join("\n")}

Any key can also be named by itself, without its group: \`metrics = ["cpu", "load15"]\`.

MB is 10⁶ bytes and GB 10⁹ bytes. A file system of \`disk_paths\` other than \`/\` puts its name before the quantity:
\`/mnt/usb\` gives \`usbDiskUsage\`, \`usbDiskFreeGb\` and \`usbInodeUsage\`.
`;
}
