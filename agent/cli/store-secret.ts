import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SECRET_NAME } from "../platform/config-files.ts";
import { durableWrite } from "../platform/durable-write.ts";
import { storageError } from "../platform/storage-error.ts";
import type { Command } from "./command.ts";
import { becomeOwnerOf } from "./drop-privileges.ts";
import { EXIT } from "./exit-codes.ts";
import { stateDirOf } from "./state-dir.ts";

/** Part of `setup` and of the first boot: as the owner of the state folder, because root must not write where another user could put a link. */
export const storeSecret: Command = {
  name: "store-secret",
  summary: "keeps the provisioning secret, from standard input, in the state folder",
  options: {},
  hidden: true,
  async run({ shell, options }) {
    const stateDir = stateDirOf(shell, options);
    const secret = readFileSync(0, "utf8").trim();
    shell.secrets.protect(secret);
    becomeOwnerOf(stateDir, shell);
    const file = join(stateDir, SECRET_NAME);
    try {
      durableWrite(file, `${secret}\n`);
    } catch (error) {
      throw storageError(`${file} could not be written`, stateDir, error);
    }
    return EXIT.ok;
  },
};
