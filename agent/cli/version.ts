import manifest from "../../package.json" with { type: "json" };

/** The release, "0.1.0"; the bundle carries it inside. */
export const version: string = manifest.version;
