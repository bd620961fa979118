import { readAround, unlessFailed } from "./read-around.ts";
import { MOST_FAILURES, type Segment } from "./segment.ts";

/** The bytes of a segment; of one that has failed several times those that can be read. @throws the system's error */
export async function contentOf({ file, used, failures }: Segment): Promise<Uint8Array> {
  if (failures < MOST_FAILURES) return file.read(0, used);
  // How long one is that could not be opened is known once it was.
  await unlessFailed(() => file.read(0, 0));
  return (await readAround(file, Math.min(used, file.bytes))).bytes;
}
