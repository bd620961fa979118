import { access, close, constants, open, read, readdir, realpath, statfs } from "node:fs";
import { promisify } from "node:util";

/** O_NONBLOCK changes nothing for a regular file, and saves us from a FIFO in the wrong place. */
export const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** Calls that may block, in the thread pool. Not node:fs/promises, which brings 0.4 MB of what nobody here needs. */
export const pooledFiles = {
  access: promisify(access),
  close: promisify(close),
  open: promisify(open),
  read: promisify(read),
  readdir: promisify(readdir),
  realpath: promisify(realpath.native),
  statfs: promisify(statfs),
};
