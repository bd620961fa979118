import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../../agent/cli/commands.ts";
import { commandsPage, settingsPage } from "../man-pages.ts";
import { debianChangelog, type Release } from "./changelog.ts";
import { type DebFile, gzipped } from "./tree.ts";

export interface FilesOptions {
  readonly root: string;
  readonly executable: Buffer;
  readonly licences: string;
  readonly release: Release;
}

/** Manuals for whoever works on Pipit: they stay in the repository. */
const forContributors = new Set([
  "adding-a-sensor.md",
  "architecture.md",
  "benchmark.md",
  "fleet.md",
  "performance.md",
  "soak.md",
]);

const units = [
  "pipit.service",
  "pipit-boot.service",
  "pipit-boot-report.service",
  "pipit-boot-report.path",
];

/** All files of the package. */
export function packageFiles(options: FilesOptions): readonly DebFile[] {
  const { root, executable, licences, release } = options;
  const read = (path: string) => readFileSync(join(root, path));
  const text = (path: string) => read(path).toString("utf8");
  const edition = {
    version: release.version,
    date: new Date(release.epochSeconds * 1000).toISOString().slice(0, 10),
  };
  const manuals = readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md") && !forContributors.has(name))
    .map((name) => file(`usr/share/doc/pipit/${name}`, read(`docs/${name}`)));
  return [
    { ...file("usr/bin/pipit", executable), mode: 0o755 },
    // It may hold the provisioning secret; postinst gives it to the group of the service.
    { ...file("etc/pipit/pipit.toml", read("config/pipit.toml")), mode: 0o640, conffile: true },
    ...units.map((name) => file(`usr/lib/systemd/system/${name}`, read(`systemd/${name}`))),
    // postinst links it to where systemd looks, if that is new enough.
    file("usr/share/pipit/systemd-254.conf", read("systemd/systemd-254.conf")),
    file("usr/lib/sysusers.d/pipit.conf", read("systemd/pipit.sysusers.conf")),
    file(
      "usr/share/man/man1/pipit.1.gz",
      gzipped(commandsPage(commands, text("docs/commands.md"), edition)),
    ),
    file("usr/share/man/man5/pipit.toml.5.gz", gzipped(settingsPage(edition))),
    file("usr/share/doc/pipit/copyright", read("build/debian/copyright")),
    file(
      "usr/share/doc/pipit/changelog.gz",
      gzipped(debianChangelog(text("CHANGELOG.md"), release)),
    ),
    file("usr/share/doc/pipit/third-party-licences.txt.gz", gzipped(licences)),
    ...manuals,
    file("usr/share/lintian/overrides/pipit", read("build/debian/lintian-overrides")),
  ];
}

const file = (path: string, content: Buffer): DebFile => ({ path, mode: 0o644, content });
