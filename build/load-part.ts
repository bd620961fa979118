import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compileFunction } from "node:vm";

/**
 * What a part of the bundle exports: a package in a file of its own, within the executable or beside the bundle. Called by the bundle
 * only, once for each part (bundle.ts).
 */
export function loadPart(file: string): unknown {
  const filename = join(dirname(process.argv[1] ?? ""), file);
  const { isSea, getAsset } = process.getBuiltinModule("node:sea");
  const code = isSea() ? getAsset(file, "utf8") : readFileSync(filename, "utf8");
  const module = { exports: {} };
  const given = ["exports", "require", "module", "__filename", "__dirname"];
  compileFunction(code, given, { filename })(
    module.exports,
    builtIn,
    module,
    filename,
    dirname(filename),
  );
  return module.exports;
}

/** Bundled code asks for nothing else, but for what it can do without. */
function builtIn(name: string): unknown {
  const found = process.getBuiltinModule(name);
  if (found !== undefined) return found;
  throw Object.assign(new Error(`no such module: ${name}`), { code: "MODULE_NOT_FOUND" });
}
