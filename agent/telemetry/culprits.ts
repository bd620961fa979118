/**
 * Who is at fault when the server refuses a sample sent alone: the sample, or a server that refuses everything (a device
 * profile of another transport type does)? A sample is the culprit only when another one has been accepted meanwhile.
 */
export interface Culprits {
  /** Waiting its turn: it was refused alone, and nothing has been accepted since. */
  isDeferred(id: number): boolean;
  /** Something was accepted: the deferred get another chance, and this time the verdict is theirs. */
  accepted(): void;
  refusedAlone(id: number): "culprit" | "deferred";
}

export function createCulprits(): Culprits {
  const deferred = new Set<number>();
  let proven = false;
  return {
    isDeferred: (id) => deferred.has(id),
    accepted() {
      proven = true;
      deferred.clear();
    },
    refusedAlone(id) {
      if (!proven) {
        deferred.add(id);
        return "deferred";
      }
      proven = false; // the next one needs a proof of its own
      return "culprit";
    },
  };
}
