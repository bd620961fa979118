import { slope } from "../support/slope.ts";
import type { Span } from "./arrivals.ts";
import type { Balance } from "./balance.ts";
import type { Chapter } from "./chapters.ts";
import type { Course } from "./course.ts";

/** Of the arrivals in one second to their mean. */
const MOST_PEAK = 3;
/** Of what is offered to a tenant that is limited, to what it may send: half of it gets through. */
const MOST_OFFERED = 2;
/** Of the heap, in bytes for each report of the fleet. */
const MOST_BYTES_PER_REPORT = 10;

export interface Line {
  readonly what: string;
  readonly found: string;
  readonly limit: string;
  readonly kept: boolean;
}

export const inWords = ({ what, found, limit, kept }: Line): string =>
  `${kept ? "kept  " : "BROKEN"}  ${what}: ${found}, at most ${limit}`;

/** What has to hold of a fleet on virtual time. */
export function judge({ chapters, soakHeap, balance }: Course): readonly Line[] {
  return [
    ...peaks(chapters),
    ...limits(chapters),
    ...samples(balance),
    ...(soakHeap.length > 2 ? [soak(soakHeap, chapters.at(-1)?.requests ?? 0)] : []),
  ];
}

/** What has to hold of boards on real sockets: of arrivals only where the server has counted them. */
export const judgeReal = (chapters: readonly Chapter[], balance: Balance): readonly Line[] => [
  ...(balance.stored === null ? [] : peaks(chapters)),
  ...samples(balance),
];

const atMost = (what: string, value: number, most: number, digits = 0): Line => ({
  ...{ what, found: value.toFixed(digits), limit: String(most), kept: value <= most },
});

/** Of whatever arrives together. */
export const peak = (name: string, { peakPerSecond, meanPerSecond }: Span): Line =>
  atMost(`${name}: peak of one second to the mean`, peakPerSecond / meanPerSecond, MOST_PEAK, 2);

const peaks = (chapters: readonly Chapter[]) =>
  chapters.filter(({ isPowerOn }) => isPowerOn).map((chapter) => peak(chapter.name, chapter));

const limits = (chapters: readonly Chapter[]) =>
  chapters.flatMap(({ name, meanPerSecond, limit }) =>
    limit === null
      ? []
      : [
          atMost(
            `${name}: offered, to the limit`,
            meanPerSecond / limit.perSecond,
            MOST_OFFERED,
            2,
          ),
          atMost(`${name}: boards have not caught up`, limit.behind, 0),
        ],
  );

const samples = ({ off, dropped, waiting }: Balance) => [
  off === null
    ? atMost("samples that boards have given up", dropped, 0)
    : atMost("samples that are neither stored nor waiting, or stored and never accepted", off, 0),
  atMost("samples that wait in the end", waiting, 0),
];

function soak(heap: readonly number[], reports: number): Line {
  const growth = slope(heap) * Math.max(0, heap.length - 1);
  return atMost(
    "soak: heap that stays, bytes a report",
    growth / reports,
    MOST_BYTES_PER_REPORT,
    1,
  );
}
