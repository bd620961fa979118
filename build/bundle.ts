import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";

export interface BundleOptions {
  readonly root: string;
  /** Below `root`. */
  readonly entry: string;
  /** A folder. */
  readonly output: string;
}

export interface Bundled {
  readonly main: string;
  /** By the name that the program asks for them. */
  readonly parts: Readonly<Record<string, string>>;
  /** What went into them, relative to `root`. */
  readonly inputs: readonly string[];
}

/**
 * Packages that the service itself never needs. Files of their own, for V8 keeps the text of a program in memory as long as it
 * runs: they are more than half of it. Only packages can be parts, because a file of ours would be there twice.
 */
const apart = ["coap", "node-cron", "systeminformation"] as const;

/**
 * Looked up inside of a try, and not missed: `debug`, a part of the sandbox's CoAP server, would colour its lines;
 * systeminformation would read temperatures on macOS.
 */
const optional = new Set(["supports-color", "osx-temperature-sensor", "macos-temperature-sensor"]);

/** CommonJS files: a single executable can neither import() files nor look packages up. */
export async function bundle({ root, entry, output }: BundleOptions): Promise<Bundled> {
  const program = await bundleFile(root, {
    entryPoints: [entry],
    outfile: join(output, "pipit.cjs"),
    plugins: [loadedWhenAsked(root)],
  });
  const packages = await Promise.all(
    apart.map(async (name) => {
      const outfile = join(output, partFile(name));
      const stdin = { contents: `module.exports = require("${name}");`, resolveDir: root };
      return { name, outfile, inputs: await bundleFile(root, { stdin, outfile }) };
    }),
  );
  return {
    main: join(output, "pipit.cjs"),
    parts: Object.fromEntries(packages.map(({ name, outfile }) => [partFile(name), outfile])),
    inputs: [program, ...packages.map(({ inputs }) => inputs)].flat(),
  };
}

const partFile = (name: string) => `pipit-${name}.cjs`;

/** Puts a call of load-part.ts in the place of such a package. */
const loadedWhenAsked = (root: string): Plugin => ({
  name: "loaded when asked",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${apart.join("|")})$`) }, ({ path }) => ({
      path,
      namespace: "part",
    }));
    onLoad({ filter: /./, namespace: "part" }, ({ path }) => ({
      contents: `module.exports = require("./build/load-part.ts").loadPart("${partFile(path)}");`,
      resolveDir: root,
    }));
  },
});

/** Resolves to the files that went into it, relative to `root`. */
async function bundleFile(
  root: string,
  options: Pick<BuildOptions, "entryPoints" | "stdin" | "plugins"> & { readonly outfile: string },
): Promise<string[]> {
  const { metafile, warnings, outputFiles } = await build({
    ...options,
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node26",
    format: "cjs",
    // node-cron asks where it lies, for a daemon that is not used here; CommonJS has no answer to that.
    define: { "import.meta.url": JSON.stringify("file:///usr/bin/pipit") },
    // Names stay as they are: a stack trace is all that a crash report has. `keepNames` would cost 0.5 MB of memory.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  // For example "import.meta" is empty in CommonJS output: it would fail on the device, not here.
  if (warnings.length > 0) throw new Error(`esbuild warns, see above (${warnings.length})`);
  const outside = Object.values(metafile.outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external, path }) => external === true && !path.startsWith("node:"))
    .map(({ path }) => path);
  const unknown = outside.filter(
    (path) => process.getBuiltinModule(path) === undefined && !optional.has(path),
  );
  if (unknown.length > 0)
    throw new Error(`the bundle would look these up at run time: ${unknown.join(", ")}`);
  writeFileSync(options.outfile, outputFiles.map(({ text }) => ascii(text)).join(""));
  return Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
}

/**
 * V8 keeps a text in one byte a character, or in two if a single one needs it: that would be 0.5 MB of memory on the
 * device. esbuild escapes all but regular expressions, where \u2019 means the same.
 */
const ascii = (text: string): string =>
  text.replaceAll(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
