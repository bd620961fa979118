/** What executables are made for, by Node's name of the CPU. */
export const cpus = {
  x64: {
    debian: "amd64",
    /** e_machine of elf(5) */
    machine: 62,
    /** Where the CPU is a foreign one, Debian's binutils carry this prefix. */
    tools: "x86_64-linux-gnu",
  },
  arm64: { debian: "arm64", machine: 183, tools: "aarch64-linux-gnu" },
} as const;

export type Cpu = keyof typeof cpus;

export const isCpu = (name: string): name is Cpu => Object.hasOwn(cpus, name);

/** The CPU that this machine has, if executables are made for it. */
export const ownCpu: Cpu | null =
  process.platform === "linux" && isCpu(process.arch) ? process.arch : null;

/** @throws where a name is not that of a CPU; all of them when none is named */
export function chosenCpus(names: readonly string[] = []): readonly Cpu[] {
  const unknown = names.filter((name) => !isCpu(name));
  if (unknown.length > 0)
    throw new Error(`--arch ${unknown[0]}: one of ${Object.keys(cpus).join(", ")}`);
  return Object.keys(cpus)
    .filter(isCpu)
    .filter((cpu) => names.length === 0 || names.includes(cpu));
}
