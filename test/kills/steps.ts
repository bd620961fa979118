/** Where the process is killed. Every write of credentials.json, and every datagram of the request, is a step. */
export const steps = [
  "before the claim is stored",
  "within the write of the claim",
  "after the claim is stored",
  "after the send",
  "after the answer",
  "within the write of the credentials",
  "after the rename",
  "at a random moment",
] as const;

export type Step = (typeof steps)[number];

export const isStep = (text: string | undefined): text is Step =>
  steps.some((step) => step === text);

/** Before the name of the step, on stderr, as the last thing the process says. */
export const REACHED = "killed ";
