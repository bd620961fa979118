import { setTimeout as sleep } from "node:timers/promises";
import type { Acker } from "./acker.ts";
import type { Contender } from "./contenders.ts";
import { usageOf } from "./usage.ts";

export interface Measured {
  readonly token: string;
  readonly contender: Contender;
}

export interface Figures {
  readonly cpuMsPerReport: number;
  /** UDP payload sent. */
  readonly bytesPerReport: number;
  /** Seen running, or ended, in the window. */
  readonly hadChildren: boolean;
}

/** Both in the same minutes. */
export interface Window {
  readonly pipit: Figures;
  readonly floor: Figures;
}

export interface Course {
  readonly reports: number;
  readonly intervalMs: number;
}

/** This window says nothing: it is to be measured again. */
export class InvalidWindow extends Error {}

/**
 * What so many reports cost each of them, side by side. Pipit gives the beat, and the C program runs half an interval apart:
 * a quarter after Pipit's report both sleep, and there they are looked at.
 */
export async function measureWindow(
  acker: Acker,
  { reports, intervalMs }: Course,
  contenders: { readonly pipit: Measured; readonly floor: Measured },
): Promise<Window> {
  const { pipit, floor } = contenders;
  const beat = async () => {
    const next = acker.next(pipit.token, 3 * intervalMs);
    await Promise.race([next, pipit.contender.failure(), floor.contender.failure()]);
    await sleep(intervalMs / 4);
  };
  const look = () => ({ pipit: lookAt(acker, pipit), floor: lookAt(acker, floor) });

  await beat();
  const before = look();
  for (let report = 0; report < reports; report++) await beat();
  const after = look();
  const figures = (name: "pipit" | "floor"): Figures => {
    const [from, to] = [before[name], after[name]];
    const sent = acker.reports(contenders[name].token).slice(from.reports, to.reports);
    if (sent.length !== reports)
      throw new InvalidWindow(`${name}: ${sent.length} reports instead of ${reports}`);
    return {
      cpuMsPerReport: (to.cpuMs - from.cpuMs) / reports,
      bytesPerReport: sent.reduce((total, { bytes }) => total + bytes, 0) / reports,
      hadChildren: from.childFaults !== to.childFaults || to.children > 0,
    };
  };
  return { pipit: figures("pipit"), floor: figures("floor") };
}

const lookAt = (acker: Acker, { token, contender }: Measured) => ({
  ...usageOf(contender.pid),
  reports: acker.reports(token).length,
});
