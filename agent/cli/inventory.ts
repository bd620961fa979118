import { bootIdOfThisMachine } from "../platform/boot-id.ts";
import { gatherInventory } from "../platform/inventory-facts.ts";
import { writeInventory } from "../platform/inventory-file.ts";
import type { Command } from "./command.ts";
import { becomeOwnerOf } from "./drop-privileges.ts";
import { EXIT } from "./exit-codes.ts";
import { stateDirOf } from "./state-dir.ts";
import { version } from "./version.ts";

/** The agent starts this once a boot, as a child: what it costs is gone when it ends. */
export const inventory: Command = {
  name: "inventory",
  summary: "finds out what the machine is made of, into inventory.json of the state folder",
  hidden: true,
  options: {},
  async run({ shell, options }) {
    const stateDir = stateDirOf(shell, options);
    becomeOwnerOf(stateDir, shell);
    const facts = await gatherInventory();
    writeInventory(stateDir, { bootId: bootIdOfThisMachine(), agentVersion: version }, facts);
    shell.out(JSON.stringify(facts, null, 2));
    return EXIT.ok;
  },
};
