const MACHINE_OFFSET = 18;

/** e_machine of elf(5): the CPU that a program is for. */
export const machineOf = (elf: Buffer): number => elf.readUInt16LE(MACHINE_OFFSET);
