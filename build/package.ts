/**
 * npm run package [-- --arch x64] [-- --arch arm64] [-- --sign KEY.pem]
 *
 * Makes the executables, a Debian package of each, an SBOM (CycloneDX) of each package and SHA256SUMS, in dist/. The same
 * commit gives the same bytes in any folder; the signature aside.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import manifest from "../package.json" with { type: "json" };
import { sha256, signChecksums, writeChecksums } from "./checksums.ts";
import { chosenCpus, cpus } from "./cpus.ts";
import { debianVersion } from "./debian/control.ts";
import { demandDpkg, makePackage } from "./debian/package.ts";
import { buildExecutables, dist, LICENCES_FILE } from "./executables.ts";
import { endsWithReason } from "./fail.ts";
import { readLockFile } from "./lock-file.ts";
import { releaseTime } from "./release-time.ts";
import { sbom } from "./sbom.ts";

const root = join(import.meta.dirname, "..");

await endsWithReason("package", async () => {
  const { values: options } = parseArgs({
    options: { arch: { type: "string", multiple: true }, sign: { type: "string" } },
  });
  const chosen = chosenCpus(options.arch);
  process.umask(0o022); // the modes of folders go into the package
  demandDpkg();
  const release = {
    version: manifest.version,
    maintainer: manifest.author,
    epochSeconds: releaseTime(root),
  };
  const { executables, packages } = await buildExecutables(chosen, true);
  for (const name of readdirSync(dist).filter((name) => /^(pipit_|SHA256SUMS)/.test(name)))
    rmSync(join(dist, name));

  const work = join(dist, ".work");
  mkdirSync(work, { recursive: true });
  const licences = readFileSync(join(dist, LICENCES_FILE), "utf8");
  const made: string[] = [];
  for (const executable of executables) {
    const deb = makePackage({ root, output: dist, work, executable, licences, release });
    const bom = deb.replace(/\.deb$/, ".cdx.json");
    const text = sbom({
      version: debianVersion(release.version),
      architecture: cpus[executable.cpu].debian,
      sha256: sha256(readFileSync(deb)),
      epochSeconds: release.epochSeconds,
      lock: readLockFile(root),
      packages,
      direct: Object.keys(manifest.dependencies),
      node: process.versions,
    });
    writeFileSync(bom, text);
    made.push(executable.path, deb, bom);
  }
  rmSync(work, { recursive: true });

  const sums = writeChecksums(dist, made);
  process.stdout.write(readFileSync(sums, "utf8"));
  if (options.sign !== undefined)
    process.stdout.write(`signed: dist/${basename(signChecksums(sums, options.sign))}\n`);
});
