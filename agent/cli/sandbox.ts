import { sandboxOptionSpecs } from "../sandbox/options.ts";
import type { SandboxEvent } from "../sandbox/sandbox.ts";
import type { Command } from "./command.ts";
import { EXIT } from "./exit-codes.ts";

/** Rates need two looks: with the second delivery every value has been there once. */
const DELIVERIES_ON_FIRST_SCREEN = 2;

export const sandbox: Command = {
  name: "sandbox",
  summary: "a stand-in ThingsBoard on loopback, and an agent that delivers to it",
  options: sandboxOptionSpecs,
  async run(invocation) {
    const { shell, options } = invocation;
    // Imported when asked for: the npm server and the HTTP server must cost the service nothing.
    const { openSandboxServer } = await import("./sandbox-server.ts");
    const { eventLine } = await import("../sandbox/event-line.ts");
    const { acknowledgedTable, closingLine } = await import("./sandbox-screen.ts");

    let deliveries = 0;
    const onEvent = (event: SandboxEvent) => {
      shell.out(eventLine(event, { color: shell.color }));
      const delivered = event.path === "telemetry" && event.code === "2.01" && !event.repeat;
      if (!delivered || ++deliveries !== DELIVERIES_ON_FIRST_SCREEN) return;
      for (const line of acknowledgedTable(server.state())) shell.out(line);
      shell.out("\n  Ctrl-C to stop\n");
    };
    await using opened = await openSandboxServer(invocation, onEvent);
    const { server } = opened;
    if (options["server-only"] === true) {
      await stopped(shell.signal);
      return EXIT.ok;
    }
    const { runSandboxAgent } = await import("./sandbox-agent.ts");
    const delivered = await runSandboxAgent(invocation, opened);
    shell.out(closingLine(delivered, server.state()));
    return EXIT.ok;
  },
};

const stopped = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
