import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { AgentError } from "../../../agent/errors.ts";
import { createHost } from "../../../agent/platform/host.ts";
import type { Host, ReaderChild } from "../../../agent/ports.ts";
import type { Channel } from "../../../agent/sensors/channel.ts";
import { discover } from "../../../agent/sensors/discover.ts";
import { classify } from "../../../agent/sensors/fault.ts";
import { createReads, type KernelChannel } from "../../../agent/sensors/kernel-channel.ts";
import { withDeadline } from "../../../agent/timing.ts";
import { type Tree, writeTree } from "../../fixtures/tree.ts";
import type { VirtualClock } from "../../support/virtual-clock.ts";

/** The real reader over a board of the test's own. */
export function treeHost(tree: Tree): Host {
  const root = mkdtempSync(join(tmpdir(), "pipit-sensors-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  writeTree(root, tree);
  return createHost({ root });
}

/** The child's files are those of the host; it runs nothing. */
export const readerOver = (host: Host): ReaderChild => ({
  readFile: async (path) => host.readFile(path, 64 * 1024),
  run: async () => {
    throw new AgentError("sensor", "nothing runs here");
  },
});

/** A host of which single files do what the test says. */
export const withFiles = (
  host: Host,
  files: Readonly<Record<string, () => Promise<string>>>,
): Host => ({
  readFile: (path, limit) => files[path]?.() ?? host.readFile(path, limit),
  readDir: (path) => host.readDir(path),
  realPath: (path) => host.realPath(path),
  statfs: (path) => host.statfs(path),
});

export const failing = (code: string) => async (): Promise<string> => {
  throw Object.assign(new Error(`${code}: injected`), { code });
};
export const hanging = () => new Promise<string>(() => undefined);

export async function channelsOf(host: Host): Promise<readonly KernelChannel[]> {
  return (await discover(createReads(host, readerOver(host)))).channels;
}

export const reading = (channel: Channel) => channel.read(new AbortController().signal);

/**
 * Id, key and value with its unit, or the class and text of the error. When all but the `hung` ones have answered, the
 * two seconds that each has pass in virtual time.
 */
export async function listing(
  channels: readonly KernelChannel[],
  clock: VirtualClock,
  hung = 0,
): Promise<string> {
  let open = channels.length;
  const answered = Promise.withResolvers<void>();
  const late = () => new AgentError("sensor", "no answer within 2000 ms");
  const { signal } = new AbortController();
  const looks = channels.map(async (channel) => {
    try {
      const value = await withDeadline(clock, 2_000, signal, late, (s) => channel.read(s));
      return `${Number(value.toFixed(6))} ${channel.unit}`.trim();
    } catch (error) {
      // the gate's own word about a read that hangs, as its source would hear it
      const hung = error instanceof AgentError && error.message.startsWith("no answer within");
      return `${hung ? "stuck" : classify(error)}: ${error instanceof Error ? error.message : error}`;
    } finally {
      if (--open === hung) answered.resolve();
    }
  });
  const all = Promise.all(looks);
  // Files answer in real time; then what hangs is the only thing that waits for the clock.
  if (open > hung) await answered.promise;
  await clock.advance(2_000);
  const results = await all;
  return channels
    .map(
      ({ id, key, automatic, slow }, index) =>
        `${id}\n  key ${key ?? "-"}${automatic ? ", automatic" : ""}${slow ? ", slow" : ""}\n  ${results[index]}\n`,
    )
    .join("");
}
