import { parse, TomlError } from "smol-toml";
import { decodeText } from "./decode-text.ts";
import type { Problem } from "./problem.ts";
import { readSections } from "./read-sections.ts";
import type { Source } from "./source.ts";
import { syntaxMessage } from "./syntax-message.ts";
import { tomlText } from "./toml-text.ts";

/** A file as it was found; `failure` says why there are no bytes: "<what>; <what to do>". */
export type ConfigFile =
  | { readonly path: string; readonly bytes: Uint8Array; readonly mode: number }
  | { readonly path: string; readonly failure: string };

export interface FileSource extends Source {
  /** False: nothing of this file counts. */
  readonly parsed: boolean;
}

/** Inline tables and arrays of ours nest once; more is an attack or an accident. */
const DEEPEST_NESTING = 20;

/** Takes one file apart. Never throws: what is wrong with it is in `problems`. */
export function readTomlFile(file: ConfigFile): FileSource {
  const broken = (message: string, place: Problem["place"] = null): FileSource => ({
    name: file.path,
    parsed: false,
    entries: [],
    problems: [{ severity: "error", source: file.path, place, message }],
  });
  if ("failure" in file) return broken(file.failure);
  const decoded = decodeText(file.bytes);
  if ("failure" in decoded) {
    const point = { line: decoded.line, column: 1, excerpt: "", caret: 0, width: 1 };
    return broken(decoded.failure, decoded.line > 0 ? point : null);
  }

  const text = tomlText(decoded.text);
  try {
    const options = { maxDepth: DEEPEST_NESTING, integersAsBigInt: "asNeeded" } as const;
    const sections = readSections(file, parse(decoded.text, options), text);
    return { name: file.path, parsed: true, ...sections };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const place = text.pointPlace(error.line, error.column);
    return broken(
      syntaxMessage(error.message, {
        header: text.opensHeader(place.line),
        bare: text.bareValue(place.line),
      }),
      place,
    );
  }
}
