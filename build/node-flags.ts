/** In the executable, because a flag that matters must not depend on who starts it. */
export const nodeFlags = [
  "--max-semi-space-size=1", // MB: a small young generation, for 2 MB less memory
  "--max-old-space-size=64", // MB: a leak ends the process, and systemd starts it again
  // A report is a few milliseconds of code that is cold each time. Type feedback from the first call on makes the
  // interpreter quick; what the two quick compilers would save, they cost. Draining a backlog still reaches TurboFan.
  "--no-lazy-feedback-allocation",
  "--no-sparkplug",
  "--no-maglev",
  // A heap of a few MB is collected sooner by the thread that is awake than by four that have to be woken.
  "--single-threaded-gc",
  "--v8-pool-size=0",
  // Idle for ten seconds it would be tidied up for the next beat to be slower: a tenth of a report.
  "--no-memory-reducer",
  "--no-flush-bytecode",
  // Old objects are collected after 2 MB of new ones, not after 8: 16 MB for good instead of 22, for a twentieth of a report.
  "--memory-saver-mode",
  "--disable-warning=ExperimentalWarning", // node:ffi
  "--disable-sigusr1", // no debugger on a stray signal
];
