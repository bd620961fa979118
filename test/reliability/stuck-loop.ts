/** Loaded before agent/main.ts (`node --import`): SIGUSR2 makes the main loop spin for ever. */
process.on("SIGUSR2", () => {
  for (;;);
});
