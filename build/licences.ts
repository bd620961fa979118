import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Folders of the npm packages that these files come from: "node_modules/coap/node_modules/lru-cache". */
export const packagesOf = (files: readonly string[]): string[] =>
  [
    ...new Set(
      files.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []),
    ),
  ].sort();

export interface LicensedFolders {
  /** The npm package that Node comes in, whatever its CPU: the text is the same. */
  readonly node: string;
  readonly packages: readonly string[];
}

/** What their authors ask to be passed on with every copy. Throws when a package states no licence. */
export const licencesOf = (root: string, { node, packages }: LicensedFolders): string =>
  [
    licenceOf(join(root, node), "Node.js"),
    ...packages.map((folder) => licenceOf(join(root, folder))),
  ].join(`\n${"=".repeat(80)}\n\n`);

function licenceOf(folder: string, name?: string): string {
  const manifest: { name: string; version: string; license?: string } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)(\.|$)/i.test(name));
  if (file === undefined && manifest.license === undefined)
    throw new Error(`${folder} names no licence: it may not be passed on`);
  const text = file === undefined ? "" : readFileSync(join(folder, file), "utf8");
  return `${name ?? manifest.name} ${manifest.version}: ${manifest.license ?? "see below"}\n\n${text}`;
}
