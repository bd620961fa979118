import type { Journal, TakenSample } from "../../agent/ports.ts";
import { serialiseSample } from "../../agent/thingsboard/serialise.ts";
import type { SampleLedger } from "./sample-ledger.ts";

/** The journal, with every accepted sample entered in the ledger as the server should come to know it. */
export function ledgerJournal(
  journal: Journal,
  ledger: SampleLedger,
  {
    precision,
    onSample,
  }: { readonly precision: number; readonly onSample: (sample: TakenSample) => void },
): Journal {
  const serialise = { precision, isDecimal: () => false };
  return {
    ...journal,
    // The spread has read it, as it was then.
    get lastTs() {
      return journal.lastTs;
    },
    async append(sample) {
      onSample(sample);
      const { ts } = sample.taken;
      if (ts === null) throw new Error("a sample without a time: the ledger knows none");
      const { text } = serialiseSample({ ts, readings: sample.readings }, serialise);
      if (text !== null) ledger.accepted(ts, JSON.parse(text).values);
      return journal.append(sample);
    },
  };
}
