import type { Command } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { sysrootOf } from "./state-dir.ts";

/** The agent starts this, as a child, where a sensor may hang: docs/decisions/0007. */
export const reader: Command = {
  name: "reader",
  summary: "reads for the agent what may hang, by requests on standard input",
  hidden: true,
  options: {},
  async run({ options }) {
    // Imported when asked for: the agent itself must not load what starts programs.
    const { serveReader } = await import("../platform/reader-process.ts");
    await serveReader(sysrootOf(options));
    return EXIT.ok;
  },
};
