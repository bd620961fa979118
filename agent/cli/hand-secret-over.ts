import { AgentError } from "../errors.ts";
import { EXIT } from "./exit-codes.ts";
import type { PrivilegedActs } from "./privileged-acts.ts";

/** To the state folder, by a process that is its owner. @throws AgentError `storage` */
export function handSecretOver(acts: PrivilegedActs, stateDir: string, secret: string): void {
  const { code, stderr } = acts.pipit(["store-secret", "--state", stateDir], secret);
  if (code === EXIT.ok) return;
  throw new AgentError("storage", `the provisioning secret could not be kept: ${stderr.trim()}`, {
    code: "P082",
    hint: "df -h /var/lib/pipit; ls -la /var/lib/pipit",
  });
}
