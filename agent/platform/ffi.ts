import type { FunctionDefinitions, WrappedFunctionsFromDefinitions } from "node:ffi";

/**
 * Functions of libc by name, or null where this Node has no working `node:ffi`: not built in, switched off, or changed.
 * Nothing checks `table` against the library, and a wrong signature crashes the process: keep it tiny.
 * Loaded when first asked for, because most runs (help, doctor, a start without systemd) never need it.
 */
export function bindLibc<const T extends FunctionDefinitions>(
  table: T,
): WrappedFunctionsFromDefinitions<T> | null {
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
