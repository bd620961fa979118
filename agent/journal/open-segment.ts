import type { Logger } from "../ports.ts";
import type { SegmentHeader, SegmentStore, StoredSegment } from "../segment-store.ts";
import { codeOf } from "./disk-standing.ts";
import type { IdRange } from "./id-ranges.ts";
import { persistently, readAround } from "./read-around.ts";
import type { JournalState } from "./record.ts";
import { scan } from "./scan.ts";
import { labelOf, NewerFormat, noHoles, type Segment, stateAtBeginning } from "./segment.ts";
import { HEADER_BYTES, readHeader } from "./segment-header.ts";

/** Enough for the header and the state that every segment begins with; and in one that was thinned for what is not in it. */
const HEAD_BYTES = 8_192;
const THINNED_HEAD_BYTES = 64 * 1024;
/** Above it a file is not believed to be as large as it looks: what lies behind its last frame does not count. */
const LARGE_BYTES = 1024 * 1024;
/** No frame lies behind it: of a file that has grown to a terabyte no more than this is read. */
const LARGEST_BYTES = 16 * LARGE_BYTES;
/** Something stands in a segment's place that is no file at all. */
const NO_FILE = new Set(["EISDIR", "ELOOP", "ENXIO", "EINVAL"]);

export interface OpenSegmentDeps {
  readonly store: SegmentStore;
  readonly header: SegmentHeader;
  readonly isNewest: boolean;
  readonly log: Logger;
}

/**
 * A segment that the store lists; null for what only looks like one: it is set aside. One that cannot be opened at the
 * moment is a segment all the same, as its reader will try again, but for the newest: nobody could tell what is in it.
 * @throws NewerFormat
 */
export async function openSegment(deps: OpenSegmentDeps): Promise<Segment | null> {
  const { store, header, isNewest, log } = deps;
  try {
    const file = await persistently(() => store.open(header));
    const content = await contentOf(file, header);
    return "flaw" in content ? await notOne(deps, content.flaw) : segmentWith(header, content);
  } catch (error) {
    const code = codeOf(error);
    if (code === null || error instanceof NewerFormat) throw error;
    if (NO_FILE.has(code)) return notOne(deps, "it is no file");
    if (isNewest || code === "ENOENT") return notOne(deps, `it cannot be opened (${code})`);
    log.error("a segment of the journal cannot be opened", {
      segment: labelOf(header),
      error: code,
    });
    const unknown = { state: null, holes: [], used: Number.POSITIVE_INFINITY };
    return segmentWith(header, { file: openedLater(store, header), ...unknown });
  }
}

interface Content {
  readonly file: StoredSegment;
  readonly state: JournalState | null;
  readonly holes: readonly IdRange[];
  /** Default: all of it. */
  readonly used?: number;
}

/**
 * What a name promises its file must keep: by its header, or where that is damaged by a single frame. Else any file of such
 * a name could make up millions of samples to be missed.
 */
async function contentOf(
  file: StoredSegment,
  header: SegmentHeader,
): Promise<Content | { readonly flaw: string }> {
  const head = await readAround(file, Math.min(HEAD_BYTES, file.bytes));
  const own = readHeader(head.bytes);
  if (own === "newer") throw new NewerFormat(header.number);
  const isOwn = own !== "damaged" && isSame(own, header);
  const state = stateAtBeginning(head.bytes, header);
  const isLarge = file.bytes > LARGE_BYTES;
  if (state !== null && isOwn && !isLarge) {
    if (!state.thinned) return { file, state, holes: [] };
    const more = await readAround(file, Math.min(THINNED_HEAD_BYTES, file.bytes));
    const [, second] = scan(more.bytes, header);
    if (second && second.settled.length > 0) return { file, state, holes: second.settled };
  }

  const { bytes, unreadable } = await readAround(file, Math.min(LARGEST_BYTES, file.bytes));
  const frames = [...scan(bytes, header)];
  const end = frames.at(-1)?.end ?? null;
  if (!isOwn && end === null && unreadable === 0) {
    const holds = own === "damaged" ? "nothing sound" : `segment ${labelOf(own)}`;
    return { flaw: `it holds ${holds}` };
  }
  const cut = { ...file, bytes: end ?? HEADER_BYTES };
  return {
    file: isLarge ? cut : file,
    state: state ?? stateAtBeginning(bytes, header),
    holes: frames.flatMap(({ settled }) => settled),
  };
}

const isSame = (one: SegmentHeader, other: SegmentHeader) =>
  one.number === other.number && one.seed === other.seed && one.firstId === other.firstId;

function segmentWith(header: SegmentHeader, content: Content): Segment {
  const { file, state, holes, used = file.bytes } = content;
  return {
    header,
    file,
    onDisk: true,
    used,
    endId: Number.POSITIVE_INFINITY,
    begun: state?.begun ?? null,
    thinned: state?.thinned ?? 0,
    holes: holes.length > 0 ? new Map(holes) : noHoles,
    isDamaged: false,
    failures: 0,
    retryAtMs: 0,
  };
}

async function notOne({ store, header, log }: OpenSegmentDeps, reason: string): Promise<null> {
  const fields = { segment: labelOf(header), reason };
  try {
    await store.setAside(header);
    log.error("a segment of the journal is none, set aside", fields);
  } catch (error) {
    const code = codeOf(error);
    if (code === null) throw error;
    log.error("a segment of the journal is none, and cannot be set aside", {
      ...fields,
      error: code,
    });
  }
  return null;
}

/** Nothing is known of it but its name. */
function openedLater(store: SegmentStore, header: SegmentHeader): StoredSegment {
  let file: StoredSegment | null = null;
  return {
    get bytes() {
      return file?.bytes ?? 0;
    },
    async read(at, length) {
      file ??= await store.open(header);
      return file.read(at, Math.min(length, file.bytes));
    },
    async write(at, bytes) {
      file ??= await store.open(header);
      await file.write(at, bytes);
    },
    close: async () => file?.close(),
  };
}
