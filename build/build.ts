/**
 * npm run build [-- --arch x64] [-- --arch arm64] [-- --no-strip]
 *
 * Makes the executables of both CPUs, or of those that are named. The Node of the foreign CPU comes from the npm registry,
 * once. The same sources give the same bytes in any folder.
 */
import { parseArgs } from "node:util";
import manifest from "../package.json" with { type: "json" };
import { chosenCpus } from "./cpus.ts";
import { buildExecutables } from "./executables.ts";
import { endsWithReason } from "./fail.ts";

await endsWithReason("build", async () => {
  const { values: options } = parseArgs({
    options: {
      arch: { type: "string", multiple: true },
      "no-strip": { type: "boolean", default: false },
    },
  });
  const { executables } = await buildExecutables(chosenCpus(options.arch), !options["no-strip"]);
  for (const { cpu, bytes, sha256 } of executables) {
    const megabytes = (bytes / 1e6).toFixed(1);
    process.stdout.write(
      `${sha256}  dist/pipit-linux-${cpu}  ${megabytes} MB, ${manifest.version}\n`,
    );
  }
});
