import type { Logger } from "../ports.ts";
import type { Discovery } from "./devices.ts";
import type { KernelChannel } from "./kernel-channel.ts";

/** A sensor that is plugged in while the agent runs appears within this. */
const RESCAN_MS = 60_000;
/** Beats come a little early or late: what is due at one must not wait for the next. */
const EARLY_MS = 5_000;

export interface Registry {
  /** What is there now, in the order of real paths; looks for it anew when the last look is 60 s old. */
  channels(monotonicMs: number): readonly KernelChannel[] | Promise<readonly KernelChannel[]>;
  /** Its file or device is gone: not listed until a later look finds it again. */
  drop(channel: KernelChannel): void;
  /** It was read: a channel that had been dropped is really back. */
  works(channel: KernelChannel): void;
}

export interface RegistryDeps {
  readonly discover: (onClash: (key: string, id: string) => void) => Promise<Discovery>;
  readonly log: Logger;
}

/**
 * The sensors of this machine, remembered between looks. Says once when one appears or goes; what was there at the
 * start is not news.
 */
export function createRegistry({ discover, log }: RegistryDeps): Registry {
  const known = new Map<string, KernelChannel>();
  /** Dropped, and silent until a read of them succeeds: a file that is listed but never opens must not fill the log. */
  const dropped = new Set<string>();
  const hidden = new Set<string>();
  const said = new Set<string>();
  let lastMs: number | null = null;
  let scan: Promise<void> | null = null;

  const once = (about: string, say: () => void) => {
    if (said.has(about)) return;
    said.add(about);
    say();
  };
  const gone = (id: string) => log.notice("sensor is gone", { sensor: id });

  const look = async (first: boolean) => {
    const { channels, faults } = await discover((key, id) =>
      once(`key ${key} ${id}`, () =>
        log.warn("two sensors would have one key", { sensor: id, key }),
      ),
    );
    hidden.clear();
    const present = new Map(channels.map((channel) => [channel.id, channel]));
    for (const id of known.keys()) {
      if (present.has(id)) continue;
      if (!dropped.delete(id)) gone(id);
    }
    const before = new Map(known);
    known.clear();
    for (const [id, channel] of present) {
      const old = before.get(id);
      // The same object as before keeps its memory: the last good value, the read that is still out.
      known.set(id, old && old.path === channel.path && old.key === channel.key ? old : channel);
      if (!old && !first) log.notice("sensor found", { sensor: id, key: channel.key });
    }
    for (const { path, error } of faults) {
      once(`fault ${path}`, () =>
        log.warn("device cannot be looked at", { path, error: String(error) }),
      );
    }
  };

  const listed = () => [...known.values()].filter(({ id }) => !hidden.has(id));

  return {
    channels(monotonicMs) {
      const isDue = lastMs === null || monotonicMs - lastMs >= RESCAN_MS - EARLY_MS;
      if (isDue) {
        const mine = look(lastMs === null).finally(() => {
          if (scan === mine) scan = null;
        });
        lastMs = monotonicMs;
        scan = mine;
      }
      // Until something is known everybody waits; later nobody waits for a look that another one began.
      return scan && (isDue || known.size === 0) ? scan.then(listed) : listed();
    },
    drop({ id }) {
      hidden.add(id);
      if (dropped.has(id)) return;
      dropped.add(id);
      gone(id);
    },
    works({ id }) {
      if (dropped.delete(id)) log.notice("sensor found", { sensor: id });
    },
  };
}
