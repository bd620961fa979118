import { type Cpu, cpus } from "../../build/cpus.ts";

/** As `npm run package` names it. */
export const debName = (version: string, cpu: Cpu): string =>
  `pipit_${version}_${cpus[cpu].debian}.deb`;
