/** Something that is not as it should be, for as long as it is so. `pipit status` shows it. */
export interface Degradation {
  /** What is concerned, stable: "dns", "storage", "clock". */
  readonly name: string;
  /** For the manual: "P041". */
  readonly code: string;
  readonly text: string;
  /** The next command to run, or the screen to open. */
  readonly fix: string;
}

/** Conditions that their finders raise and take back: one a name, the newest word counts. */
export interface Standing {
  raise(degradation: Degradation): void;
  clear(name: string): void;
  list(): readonly Degradation[];
  /** Called after each change. One listener at a time; null: none. */
  onChange(listener: (() => void) | null): void;
}

export function createStanding(): Standing {
  const raised = new Map<string, Degradation>();
  let changed: (() => void) | null = null;
  return {
    raise(degradation) {
      const before = raised.get(degradation.name);
      raised.set(degradation.name, degradation);
      if (before?.code !== degradation.code || before.text !== degradation.text) changed?.();
    },
    clear(name) {
      if (raised.delete(name)) changed?.();
    },
    list: () => [...raised.values()],
    onChange(listener) {
      changed = listener;
    },
  };
}
