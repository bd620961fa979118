import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { collectors } from "../agent/collectors/index.ts";
import { telemetryManual } from "../agent/collectors/manual.ts";
import { configurationManual } from "../agent/config/manual.ts";
import { sampleToml } from "../agent/config/sample.ts";

/** Files that are derived from the source, by their paths; a test fails when one of them is out of date. */
export const generatedFiles = (): Readonly<Record<string, string>> => ({
  "config/pipit.toml": sampleToml(),
  "docs/configuration.md": configurationManual(),
  "docs/telemetry.md": telemetryManual(collectors),
});

/** `npm run generate` */
if (import.meta.main) {
  const root = join(import.meta.dirname, "..");
  for (const [path, text] of Object.entries(generatedFiles())) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    process.stderr.write(`generated ${path}, ${readFileSync(file).length} bytes\n`);
  }
}
