import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { createHost } from "../../agent/platform/host.ts";
import type { Host } from "../../agent/ports.ts";
import { fixtureDisk } from "../fixtures/disk.ts";
import { type FixtureName, fixtures } from "../fixtures/make-fixtures.ts";
import { writeTree } from "../fixtures/tree.ts";

const roots = new Map<FixtureName, string>();

afterAll(() => {
  for (const root of roots.values()) rmSync(root, { recursive: true });
  roots.clear();
});

/** The folder of a fixture as `--sysroot`; written once per test file and removed after its last test. */
export function fixtureRoot(name: FixtureName): string {
  const known = roots.get(name);
  if (known !== undefined) return known;
  const root = mkdtempSync(join(tmpdir(), `pipit-${name}-`));
  writeTree(root, fixtures[name]);
  roots.set(name, root);
  return root;
}

export interface FixtureHost extends Host {
  /** From now on the host shows the next of its fixtures: time has passed. */
  next(): void;
}

/** The real reader over one fixture, or over several in turn. */
export function fixtureHost(first: FixtureName, ...later: readonly FixtureName[]): FixtureHost {
  let host = createHost({ root: fixtureRoot(first) });
  const waiting = [...later];
  return {
    readFile: (path, limitBytes) => host.readFile(path, limitBytes),
    readDir: (path) => host.readDir(path),
    realPath: (path) => host.realPath(path),
    statfs: async () => fixtureDisk,
    next() {
      const name = waiting.shift();
      if (name === undefined) throw new Error("no fixture left to show");
      host = createHost({ root: fixtureRoot(name) });
    },
  };
}

/** A host on which one path fails with this errno, whatever is asked of it. */
export function failingAt(host: Host, path: string, code: string): Host {
  const fail = async () => {
    throw Object.assign(new Error(`${code}: injected, '${path}'`), { code });
  };
  return {
    readFile: (asked, limitBytes) => (asked === path ? fail() : host.readFile(asked, limitBytes)),
    readDir: (asked) => (asked === path ? fail() : host.readDir(asked)),
    realPath: (asked) => (asked === path ? fail() : host.realPath(asked)),
    statfs: (asked) => (asked === path ? fail() : host.statfs(asked)),
  };
}
