import { fstatSync } from "node:fs";
import { errnoOf } from "./errno.ts";
import { pooledFiles, READ_FLAGS } from "./pooled-files.ts";

/** An attribute of a device, kept open: to open and to close it would be two more trips through the thread pool. */
interface Attribute {
  readonly descriptor: number;
  /** Reads that have not returned. A descriptor that is closed under one could be another file's by then. */
  reading: number;
  isGone: boolean;
  isClosed: boolean;
}

const attributes = new Map<string, Attribute>();
/** Each a descriptor, of the 1024 that a service has. */
const MOST_ATTRIBUTES = 256;

/** The text of a file, in the thread pool. @throws the system's error */
export async function readPooled(
  path: string,
  limitBytes: number,
  isAttribute: boolean,
): Promise<string> {
  const known = attributes.get(path);
  if (known !== undefined) {
    const text = await readAttribute(known, limitBytes);
    if (text !== null) return text;
    // Its successor, or the reason, is found by opening it again.
    if (attributes.get(path) === known) attributes.delete(path);
    await letGo(known);
  }
  const descriptor = await pooledFiles.open(path, READ_FLAGS);
  let isKept = false;
  try {
    const text = await readWholly(descriptor, limitBytes, isAttribute);
    isKept = isAttribute && !attributes.has(path);
    if (isKept) await keep(path, descriptor);
    return text;
  } finally {
    if (!isKept) await pooledFiles.close(descriptor);
  }
}

/** In the place of the one that has been there longest, where there are too many: its device may be gone. */
async function keep(path: string, descriptor: number): Promise<void> {
  const [oldest] = attributes;
  attributes.set(path, { descriptor, reading: 0, isGone: false, isClosed: false });
  if (attributes.size <= MOST_ATTRIBUTES || oldest === undefined) return;
  attributes.delete(oldest[0]);
  await letGo(oldest[1]);
}

/** Null: its device is gone (sysfs says ENODEV), or below a --sysroot the file has been deleted. */
async function readAttribute(attribute: Attribute, limitBytes: number): Promise<string | null> {
  const { descriptor } = attribute;
  attribute.reading++;
  try {
    const text = await readWholly(descriptor, limitBytes, true);
    return fstatSync(descriptor).nlink > 0 ? text : null;
  } catch (error) {
    if (errnoOf(error) !== "ENODEV") throw error;
    return null;
  } finally {
    attribute.reading--;
    if (attribute.isGone) await letGo(attribute);
  }
}

/** Whoever reads last closes it. */
async function letGo(attribute: Attribute): Promise<void> {
  attribute.isGone = true;
  if (attribute.reading > 0 || attribute.isClosed) return;
  attribute.isClosed = true;
  await pooledFiles.close(attribute.descriptor);
}

/** Most attributes are a number; a buffer of the pool that Node has ready. */
const FIRST_BYTES = 256;

/** The kernel makes the whole text of an attribute for each read (sysfs.rst): what is short of the room is all of it. */
async function readWholly(
  descriptor: number,
  limitBytes: number,
  isAttribute: boolean,
): Promise<string> {
  let buffer = Buffer.allocUnsafe(Math.min(limitBytes, isAttribute ? FIRST_BYTES : limitBytes));
  let filled = 0;
  while (filled < limitBytes) {
    if (filled === buffer.length) buffer = Buffer.concat([buffer], limitBytes);
    const room = buffer.length - filled;
    const position = isAttribute ? filled : null;
    const { bytesRead } = await pooledFiles.read(descriptor, buffer, filled, room, position);
    filled += bytesRead;
    if (bytesRead === 0 || (isAttribute && bytesRead < room)) break;
  }
  return buffer.toString("utf8", 0, filled);
}
