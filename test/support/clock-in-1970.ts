/** Loaded before agent/main.ts (`node --import`): a board without a clock of its own, minutes after its power came. */
const boot = performance.now();

Date.now = () => Math.round(60_000 + performance.now() - boot);
