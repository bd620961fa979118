import { createHash } from "node:crypto";
import { type LockFile, lockedPackage } from "./lock-file.ts";

export interface SbomOptions {
  readonly version: string;
  /** Debian's name of the CPU. */
  readonly architecture: string;
  /** Of the package that is described. */
  readonly sha256: string;
  readonly epochSeconds: number;
  readonly lock: LockFile;
  /** Folders of the npm packages in the bundle. */
  readonly packages: readonly string[];
  /** Names that package.json asks for. */
  readonly direct: readonly string[];
  /** `process.versions` of the Node inside. */
  readonly node: Readonly<Record<string, string | undefined>>;
}

/** Versions of interfaces and of data, not of libraries. */
const notLibraries = new Set(["node", "modules", "napi", "unicode", "cldr", "tz"]);

/** Names by which security advisories call them. */
const cpes: Readonly<Record<string, (version: string) => string>> = {
  node: (version) => `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
  openssl: (version) => `cpe:2.3:a:openssl:openssl:${version}:*:*:*:*:*:*:*`,
  sqlite: (version) => `cpe:2.3:a:sqlite:sqlite:${version}:*:*:*:*:*:*:*`,
};

/** What is inside of one package, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). Same input, same text. */
export function sbom(options: SbomOptions): string {
  const { version, architecture, sha256, epochSeconds, packages, direct, lock } = options;
  const root = `pkg:deb/pipit@${version}?arch=${architecture}`;
  const node = nodeComponent(options.node["node"] ?? "");
  const libraries = librariesOf(options.node);
  const npm = packages.map((folder) => npmComponent(folder, lock));
  const refs = new Map(packages.map((folder, index) => [folder, npm[index]?.["bom-ref"] ?? ""]));
  const bom = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(sha256)}`,
    version: 1,
    metadata: {
      timestamp: new Date(epochSeconds * 1000).toISOString(),
      component: {
        type: "application",
        "bom-ref": root,
        name: "pipit",
        version,
        purl: root,
        hashes: [{ alg: "SHA-256", content: sha256 }],
        licenses: [{ expression: "Apache-2.0" }],
      },
    },
    components: [node, ...libraries, ...npm],
    dependencies: [
      {
        ref: root,
        dependsOn: [
          node["bom-ref"],
          ...direct.flatMap((name) => refs.get(`node_modules/${name}`) ?? []),
        ],
      },
      { ref: node["bom-ref"], dependsOn: libraries.map((library) => library["bom-ref"]) },
      ...packages.map((folder) => ({
        ref: refs.get(folder),
        dependsOn: neededBy(folder, lock).flatMap((found) => refs.get(found) ?? []),
      })),
    ],
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

const nodeComponent = (version: string) => {
  const purl = `pkg:github/nodejs/node@v${version}`;
  const licenses = [{ expression: "MIT" }];
  return { type: "framework", ...identity("Node.js", version, purl, cpes["node"]), licenses };
};

const librariesOf = (versions: SbomOptions["node"]) =>
  Object.entries(versions)
    .filter(([name, version]) => version && !notLibraries.has(name))
    .map(([name, version = ""]) => ({
      type: "library",
      ...identity(name, version, `pkg:generic/${name}@${version}`, cpes[name]),
    }));

function npmComponent(folder: string, lock: LockFile) {
  const { version, integrity, license } = lockedPackage(lock, folder);
  const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
  const content = Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex");
  return {
    type: "library",
    ...identity(name, version, `pkg:npm/${name.replace("@", "%40")}@${version}`),
    hashes: [{ alg: "SHA-512", content }],
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
  };
}

const identity = (
  name: string,
  version: string,
  purl: string,
  cpe?: (version: string) => string,
) => ({
  "bom-ref": purl,
  name,
  version,
  purl,
  ...(cpe === undefined ? {} : { cpe: cpe(version) }),
});

/** Folders in which Node would look a package's dependencies up: the nearest one on the way to the root. */
function neededBy(folder: string, { packages }: LockFile): readonly string[] {
  const names = Object.keys(packages[folder]?.dependencies ?? {});
  return names.flatMap((name) => {
    const parts = folder.split("/node_modules/");
    const candidates = parts.map((_, index) =>
      [...parts.slice(0, parts.length - index), name].join("/node_modules/"),
    );
    return [...candidates, `node_modules/${name}`].find((at) => at in packages) ?? [];
  });
}

/** RFC 9562 §5.8: version 8, made of the package's own hash, so that it is reproducible. */
function uuidOf(sha256: string): string {
  const hex = createHash("sha256").update(`pipit sbom ${sha256}`).digest("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ];
  return [...parts, hex.slice(20, 32)].join("-");
}
