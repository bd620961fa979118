import { allSettings, findSetting, sectionNames } from "./config.ts";
import { isListName, listNames } from "./list-names.ts";
import { nearest } from "./nearest.ts";
import type { Place, Problem } from "./problem.ts";
import type { RawEntry } from "./read-entries.ts";
import { looksSecret, quoteName } from "./secrecy.ts";
import type { Entry, Source } from "./source.ts";
import type { TomlText } from "./toml-text.ts";

/** More are not read by anybody; a file of nothing but mistakes must not cost minutes. */
const MOST_PROBLEMS = 100;

type Table = Readonly<Record<string, unknown>>;

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !("toISOString" in value);

/** The settings of a parsed file, and warnings about what this version does not know. */
export function readSections(
  file: { readonly path: string; readonly mode: number },
  root: Table,
  text: TomlText,
): Omit<Source, "name"> {
  const entries: Entry[] = [];
  const problems: Problem[] = [];
  let unreported = 0;
  const report = (
    severity: Problem["severity"],
    place: () => Place | null,
    message: () => string,
  ) => {
    if (problems.length >= MOST_PROBLEMS) unreported++;
    else problems.push({ severity, source: file.path, place: place(), message: message() });
  };

  const lists: RawEntry[] = [];
  for (const [section, content] of Object.entries(root)) {
    if (isListName(section)) {
      const tables = Array.isArray(content) ? content.filter(isTable) : [];
      if (!Array.isArray(content) || tables.length < content.length)
        report(
          "error",
          () => text.keyPlace([section]),
          () => `${section} is a list of sections; write [[${section}]] once for each`,
        );
      tables.forEach((values, index) => {
        const path = [section, String(index)];
        lists.push({
          list: section,
          source: file.path,
          values,
          place: (name) =>
            name !== undefined && Object.hasOwn(values, name)
              ? text.valuePlace([...path, name])
              : text.keyPlace(path),
          namePlace: (name) => text.keyPlace([...path, name]),
        });
      });
      continue;
    }
    if (!sectionNames.includes(section)) {
      const isSection = isTable(content) || (Array.isArray(content) && content.some(isTable));
      report(
        "warning",
        () => text.keyPlace([section]),
        () => (isSection ? unknownSection(section) : outsideSection(section)),
      );
      continue;
    }
    if (!isTable(content)) {
      report(
        "error",
        () => text.keyPlace([section]),
        () => notOneSection(section, content),
      );
      continue;
    }
    for (const [name, raw] of Object.entries(content)) {
      const setting = findSetting(section, name);
      if (setting === undefined) {
        report(
          "warning",
          () => text.keyPlace([section, name]),
          () => unknownSetting(section, name),
        );
        continue;
      }
      const place = text.valuePlace([section, name]);
      const origin = { kind: "file", name: file.path, line: place?.line ?? null } as const;
      entries.push({ setting, raw, origin, place });
    }
  }
  const exposed = entries.find(({ setting, raw }) => setting.secret && raw !== "");
  if (exposed && (file.mode & 0o004) !== 0)
    problems.push({
      severity: "warning",
      source: file.path,
      place: exposed.place,
      message: `${exposed.setting.name} can be read by every user of this machine; run: sudo chmod 640 ${file.path}`,
      exposesSecret: true,
    });
  if (unreported > 0)
    problems.push({
      severity: "warning",
      source: file.path,
      place: null,
      message: `${unreported} more problems; correct the others first`,
    });
  return { entries, problems, lists };
}

function unknownSection(section: string): string {
  const list = nearest(section, listNames);
  const meant = nearest(section, sectionNames);
  const fix = list
    ? `did you mean [[${list}]]?`
    : meant
      ? `did you mean [${meant}]?`
      : `one of [${sectionNames.join("], [")}]`;
  return `unknown section ${named(section)}; ${fix}`;
}

/** `["a b"]` is written with its quotes. */
const named = (section: string) =>
  /^[\w-]{1,60}$/.test(section) && !looksSecret(section)
    ? `[${section}]`
    : `[${quoteName(section)}]`;

/** `interval = "10s"` above the first header. */
function outsideSection(name: string): string {
  const home = allSettings.find((setting) => setting.name === name);
  const fix = home
    ? `put it below [${home.section}]`
    : `settings belong below a section, one of [${sectionNames.join("], [")}]`;
  return `${quoteName(name)} is in no section; ${fix}`;
}

function notOneSection(section: string, content: unknown): string {
  const what = Array.isArray(content) && content.some(isTable) ? `[[${section}]]` : section;
  return `${what} is not a list or a value but a section; write [${section}] once, on a line of its own`;
}

function unknownSetting(section: string, name: string): string {
  const here = allSettings.filter((setting) => setting.section === section);
  const names = here.map((setting) => setting.name);
  const meant = nearest(name, names);
  const home = allSettings.find((setting) => setting.name === name);
  const fix = home
    ? `it belongs below [${home.section}]`
    : meant
      ? `did you mean "${meant}"?`
      : `one of ${names.join(", ")}`;
  return `unknown setting ${quoteName(name)} in [${section}]; ${fix}`;
}
