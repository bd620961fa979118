/**
 * Loaded before agent/main.ts (`node --import`): kills the process, by SIGKILL and from within, exactly at the step that
 * PIPIT_KILL_AT names. It wraps node:fs and node:dgram, so the agent's own code runs as it is and knows nothing of it.
 */
import { Socket } from "node:dgram";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { isStep, REACHED, type Step } from "./steps.ts";

const wanted = process.env["PIPIT_KILL_AT"];
if (isStep(wanted)) install(wanted);

function install(step: Step): void {
  let temporary = -1;
  let asked = false;

  /** Says where it is before it dies: only what was really reached is counted. */
  const reach = (here: Step) => {
    if (here !== step) return;
    writeSync(2, `${REACHED}${here}\n`);
    process.kill(process.pid, "SIGKILL");
  };

  const { openSync, writeSync, renameSync } = fs;
  /** Told by what is written: on a second blow the claim is there already, and only the credentials follow. */
  const isClaim = (bytes: Uint8Array) => /"active": null/.test(Buffer.from(bytes).toString());
  let writingClaim = false;

  fs.openSync = (path, ...rest) => {
    const fd = openSync(path, ...rest);
    if (String(path).endsWith("/.credentials.json.tmp")) temporary = fd;
    return fd;
  };
  const halfWritten = (fd: number, bytes: unknown) => {
    if (fd !== temporary || !(bytes instanceof Uint8Array)) return;
    writingClaim = isClaim(bytes);
    if (writingClaim) reach("before the claim is stored");
    const here = `within the write of the ${writingClaim ? "claim" : "credentials"}` as const;
    if (here === step) writeSync(fd, bytes.subarray(0, bytes.length / 2));
    reach(here);
  };
  fs.writeSync = new Proxy(writeSync, {
    apply(target, self, parameters) {
      halfWritten(parameters[0], parameters[1]);
      return Reflect.apply(target, self, parameters);
    },
  });
  fs.renameSync = (from, to) => {
    renameSync(from, to);
    if (String(to).endsWith("/credentials.json") && !writingClaim) reach("after the rename");
  };
  syncBuiltinESMExports();

  const isRequest = (bytes: unknown) =>
    bytes instanceof Uint8Array && Buffer.from(bytes).includes("provisionDeviceKey");
  Socket.prototype.send = new Proxy(Socket.prototype.send, {
    apply(target, self, parameters) {
      if (!isRequest(parameters[0])) return Reflect.apply(target, self, parameters);
      reach("after the claim is stored");
      asked = true;
      const sent = parameters.at(-1);
      const after = (...outcome: unknown[]) => {
        reach("after the send");
        if (typeof sent === "function") sent(...outcome);
      };
      const others = typeof sent === "function" ? parameters.slice(0, -1) : parameters;
      return Reflect.apply(target, self, [...others, after]);
    },
  });
  Socket.prototype.emit = new Proxy(Socket.prototype.emit, {
    apply(target, self, parameters) {
      const [event, bytes] = parameters;
      // A code of class 2 or more: not the empty acknowledgement that may come before.
      if (event === "message" && asked && bytes[1] >= 0x40) reach("after the answer");
      return Reflect.apply(target, self, parameters);
    },
  });
}
