import { writeFileSync } from "node:fs";
import { build } from "esbuild";

export interface BundleOptions {
  readonly root: string;
  /** Below `root`. */
  readonly entry: string;
  readonly output: string;
}

/**
 * Looked up inside of a try, and not missed: `debug`, a part of the sandbox's CoAP server, would colour its lines;
 * systeminformation would read temperatures on macOS.
 */
const optional = new Set(["supports-color", "osx-temperature-sensor", "macos-temperature-sensor"]);

/**
 * One CommonJS file: a single executable can neither import() files nor look packages up.
 * Resolves to the files that went into it, relative to `root`.
 */
export async function bundle({ root, entry, output }: BundleOptions): Promise<string[]> {
  const { metafile, warnings, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: output,
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
  writeFileSync(output, outputFiles.map(({ text }) => ascii(text)).join(""));
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
