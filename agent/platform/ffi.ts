import type { FunctionDefinitions, WrappedFunctionsFromDefinitions } from "node:ffi";

/** The functions of a table, bound. */
export type Native<T extends FunctionDefinitions> = WrappedFunctionsFromDefinitions<T>;

/**
 * Functions of this process by name, of libc or of the OpenSSL inside of Node; null where this Node has no working `node:ffi`
 * (not built in, switched off, or changed), or one of them is missing.
 * Nothing checks `table` against the library, and a wrong signature crashes the process: keep it tiny.
 * Loaded when first asked for, because most runs (help, doctor, a start without systemd) never need it.
 */
export function bindNative<const T extends FunctionDefinitions>(table: T): Native<T> | null {
  try {
    const ffi = process.getBuiltinModule("node:ffi");
    const probe = ffi.dlopen(null, { getpid: { arguments: [], return: "i32" } });
    // An experimental API may change its meaning and not its name: believe it when it gets one thing right.
    if (probe.functions.getpid() !== process.pid) return null;
    return ffi.dlopen(null, table).functions;
  } catch {
    return null;
  }
}

/** Where a function of this process is, for whoever wants to be given one; null where there is none. */
export function addressOf(name: string): bigint | null {
  try {
    return process.getBuiltinModule("node:ffi").dlopen(null, {}).lib.getSymbol(name);
  } catch {
    return null;
  }
}

/** Text at an address that one of these functions gave; "" at 0. */
export const textAt = (address: bigint): string =>
  address === 0n ? "" : (process.getBuiltinModule("node:ffi").toString(address) ?? "");
