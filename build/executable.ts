import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import pkg, { type SeaConfig, type SeaOptions } from "@yao-pkg/pkg/lib-es5/sea.js";

export interface ExecutableOptions {
  /** The Node binary to put the program into. */
  readonly node: string;
  readonly version: string;
  readonly arch: "x64" | "arm64";
  readonly bundled: string;
  readonly output: string;
  readonly work: string;
}

/** In the executable, because a flag that matters must not depend on who starts it. */
const execArgv = [
  "--max-semi-space-size=1", // MB: a small young generation, for 2 MB less memory
  "--max-old-space-size=64", // MB: a leak ends the process, and systemd starts it again
  // A report is a few milliseconds of code that is cold each time. Type feedback from the first call on makes the
  // interpreter quick; what the two quick compilers would save, they cost. Draining a backlog still reaches TurboFan.
  "--no-lazy-feedback-allocation",
  "--no-sparkplug",
  "--no-maglev",
  // A heap of a few MB is collected sooner by the thread that is awake than by four that have to be woken.
  "--single-threaded-gc",
  "--v8-pool-size=0",
  "--disable-warning=ExperimentalWarning", // node:ffi
  "--disable-sigusr1", // no debugger on a stray signal
];

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
    execArgv,
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
