import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import pkg, { type SeaConfig, type SeaOptions } from "@yao-pkg/pkg/lib-es5/sea.js";
import type { Bundled } from "./bundle.ts";
import type { Cpu } from "./cpus.ts";
import { nodeFlags } from "./node-flags.ts";

export interface ExecutableOptions {
  /** The Node binary to put the program into. */
  readonly node: string;
  readonly version: string;
  readonly arch: Cpu;
  readonly bundled: Pick<Bundled, "main" | "parts">;
  readonly output: string;
  readonly work: string;
}

/** What Node takes and pkg passes on, and what pkg's own type leaves out. */
interface NodeSeaConfig extends SeaConfig {
  readonly main: string;
  readonly assets: Readonly<Record<string, string>>;
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
  // Relative, because the file records this string: an absolute path would differ from checkout to checkout.
  const inWork = (file: string) => relative(join(temporary, "any-name"), file);
  const seaConfig: NodeSeaConfig = {
    main: inWork(bundled.main),
    assets: Object.fromEntries(
      Object.entries(bundled.parts).map(([name, file]) => [name, inWork(file)]),
    ),
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
  // HOME: nothing else moves pkg's cache. TMPDIR: pkg works in a new folder in there.
  await withEnvironment({ HOME: join(work, "home"), TMPDIR: temporary }, () =>
    pkg.default(bundled.main, pkgOptions),
  );
}

async function withEnvironment(
  changes: Readonly<Record<string, string>>,
  action: () => Promise<void>,
): Promise<void> {
  const before = Object.keys(changes).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, changes);
  try {
    await action();
  } finally {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }
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
