import { AgentError } from "../errors.ts";
import type { DeviceCertificates } from "../ports.ts";

/** Where nobody has configured any; whoever runs the agent for a server puts those of its configuration here. */
export const noCertificates: DeviceCertificates = {
  handed: () => null,
  make: () => Promise.reject(new AgentError("bug", "nobody here makes certificates")),
};
