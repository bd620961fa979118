import type { Faults } from "../../agent/sandbox/faults.ts";
import { cleanLink, type LinkFaults } from "../support/faulty-link.ts";

/** What network and server do for a part of the run. */
export interface Weather {
  readonly name: string;
  /** Of the whole run. */
  readonly share: number;
  readonly link: LinkFaults;
  readonly server: Partial<Faults>;
}

/** Begins and ends calm: what differs between the two is what stays. */
export const course: readonly Weather[] = [
  { name: "calm", share: 0.3, link: cleanLink, server: {} },
  {
    name: "30 % lost, 10 % twice, 10 % late",
    share: 0.15,
    link: { ...cleanLink, loss: 0.3, duplicate: 0.1, reorder: 0.1, holdMs: 5_000, jitterMs: 20 },
    server: {},
  },
  { name: "server away", share: 0.1, link: cleanLink, server: { outage: true } },
  { name: "every third answer 5.00", share: 0.1, link: cleanLink, server: { failPercent: 33 } },
  { name: "calm again", share: 0.35, link: cleanLink, server: {} },
];

export const noServerFaults: Partial<Faults> = { outage: false, failPercent: 0 };
