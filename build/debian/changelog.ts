import { wrap } from "../../agent/config/wrap.ts";
import { debianVersion } from "./control.ts";

const LINE_WIDTH = 78;

export interface Release {
  readonly version: string;
  readonly maintainer: string;
  readonly epochSeconds: number;
}

/**
 * Debian's changelog (deb-changelog(5)) of one release: what CHANGELOG.md says under its version, or under "Unreleased" while
 * it is not out yet.
 */
export function debianChangelog(markdown: string, release: Release): string {
  const { version, maintainer, epochSeconds } = release;
  const sections = markdown.split(/^## /m).slice(1);
  const section =
    sections.find((text) => text.startsWith(`[${version}]`)) ??
    sections.find((text) => text.startsWith("[Unreleased]"));
  if (section === undefined)
    throw new Error(`CHANGELOG.md has neither [${version}] nor [Unreleased]`);
  const parts = section.split(/^### /m).slice(1).map(changesOf);
  return [
    `pipit (${debianVersion(version)}) stable; urgency=medium`,
    "",
    parts.join("\n\n"),
    "",
    ` -- ${maintainer}  ${rfc5322(epochSeconds)}`,
    "",
  ].join("\n");
}

/** "Added\n\n- one\n  thing\n- two\n" */
function changesOf(part: string): string {
  const [title = "", ...items] = part.split(/\n+- /);
  const lines = items.map((item) => {
    const [first = "", ...more] = wrap(item.trim().replaceAll(/\s+/g, " "), LINE_WIDTH - 4);
    return [`  * ${first}`, ...more.map((line) => `    ${line}`)].join("\n");
  });
  return [`  [ ${title.trim()} ]`, ...lines].join("\n");
}

/** "Wed, 25 Nov 2026 10:00:00 +0000" */
const rfc5322 = (epochSeconds: number) =>
  new Date(epochSeconds * 1000).toUTCString().replace("GMT", "+0000");
