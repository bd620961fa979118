import type { Intake, Logger, Moment, Reading, Readings } from "../ports.ts";
import type { Outbox } from "./outbox.ts";

export interface PublishedDeps {
  readonly intake: Intake;
  readonly outbox: Pick<Outbox, "accept">;
  readonly stamp: () => Moment;
  /** A changed value is sent at once; the others leave with the next sample. */
  readonly onChange: boolean;
  readonly log: Logger;
}

/**
 * Readings that other programs hand in: each message a sample of its own, stored before it is answered, so that "ok" means
 * what it means for a sensor.
 */
export function acceptPublished(deps: PublishedDeps): Disposable {
  const { intake, outbox, stamp, onChange, log } = deps;
  const last = new Map<string, Reading>();
  const isNews = (readings: Readings) =>
    Object.entries(readings).some(([key, value]) => last.get(key) !== value);
  return intake.serve(async (readings) => {
    const hold = !(onChange && isNews(readings));
    await outbox.accept({ taken: stamp(), readings }, { hold });
    remember(last, readings);
    log.debug("published", { readings: Object.keys(readings).length });
  });
}

/** More keys than a program should have; the oldest are forgotten, and then count as new. */
const MOST_REMEMBERED = 1_000;

function remember(last: Map<string, Reading>, readings: Readings): void {
  for (const [key, value] of Object.entries(readings)) {
    last.delete(key);
    last.set(key, value);
  }
  for (const key of last.keys()) {
    if (last.size <= MOST_REMEMBERED) return;
    last.delete(key);
  }
}
