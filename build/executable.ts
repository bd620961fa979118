import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import pkg, { type SeaConfig, type SeaOptions } from "@yao-pkg/pkg/lib-es5/sea.js";
import { nodeFlags } from "./node-flags.ts";

export interface ExecutableOptions {
  /** The Node binary to put the program into. */
  readonly node: string;
  readonly version: string;
  readonly arch: "x64" | "arm64";
  readonly bundled: string;
  readonly output: string;
  readonly work: string;
}

/** What Node takes and pkg passes on, and what pkg's own type leaves out. */
interface NodeSeaConfig extends SeaConfig {
  readonly main: string;
  readonly execArgv: readonly string[];
  /** "none": NODE_OPTIONS in the environment changes nothing. */
  readonly execArgvExtension: "none" | "env" | "cli";
}

/**
 * pkg's SEA step as a library, because its command line drops execArgv without a word. The path is internal, so
 * package.json pins pkg exactly.
 */
export async function makeExecutable(options: ExecutableOptions): Promise<void> {
  const { version, arch, bundled, output, work } = options;
  const temporary = join(work, "tmp");
  mkdirSync(temporary, { recursive: true });
  seedCache(options);
  process.env["HOME"] = join(work, "home"); // nothing else moves pkg's cache
  process.env["TMPDIR"] = temporary; // pkg works in a new folder in here
  const seaConfig: NodeSeaConfig = {
    // Relative, because the file records this string: an absolute path would differ from checkout to checkout.
    main: relative(join(temporary, "any-name"), bundled),
    execArgv: nodeFlags,
    execArgvExtension: "none",
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: false,
  };
  const pkgOptions: SeaOptions = {
    targets: [{ nodeRange: `node${version}`, platform: "linux", arch, output }],
    signature: false,
    seaConfig,
  };
  await pkg.default(bundled, pkgOptions);
}

/** Puts the binary where pkg looks for one that it has downloaded and unpacked; the empty files are its marks. */
function seedCache({ node, version, arch, work }: ExecutableOptions): void {
  const cache = join(work, "home/.pkg-cache/sea");
  const entry = `node-v${version}-linux-${arch}`;
  mkdirSync(join(cache, entry, "bin"), { recursive: true });
  renameSync(node, join(cache, entry, "bin/node"));
  for (const mark of [`${entry}.tar.gz`, `${entry}.tar.gz.ok`, `${entry}/bin/node.ok`])
    writeFileSync(join(cache, mark), "");
}
