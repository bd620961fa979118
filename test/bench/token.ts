/** Of one length, so that messages are. */
export const tokenOf = (name: string): string =>
  `${name}BenchmarkToken`.slice(0, 20).padEnd(20, "1");
