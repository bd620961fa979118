/**
 * Loaded before agent/main.ts (`node --import`): kills the process, by SIGKILL and from within, exactly at the step that
 * PIPIT_KILL_AT names. It wraps node:fs and node:dgram, so the agent's own code runs as it is and knows nothing of it.
 */
import { Socket } from "node:dgram";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { isStep, type Step } from "./steps.ts";

const wanted = process.env["PIPIT_KILL_AT"];
if (isStep(wanted)) install(wanted);

function install(step: Step): void {
  let writes = 0; // of credentials.json: first the claim, then the credentials
  let temporary = -1;
  let asked = false;

  const reach = (here: Step) => {
    if (here === step) process.kill(process.pid, "SIGKILL");
  };

  const { openSync, writeSync, renameSync } = fs;
  fs.openSync = (path, ...rest) => {
    if (String(path).endsWith("/.credentials.json.tmp")) {
      writes++;
      if (writes === 1) reach("before the claim is stored");
      temporary = openSync(path, ...rest);
      return temporary;
    }
    return openSync(path, ...rest);
  };
  const half = (fd: number, bytes: unknown) => {
    if (fd !== temporary || !(bytes instanceof Uint8Array)) return;
    const here: Step =
      writes === 1 ? "within the write of the claim" : "within the write of the credentials";
    if (here === step) writeSync(fd, bytes.subarray(0, bytes.length / 2));
    reach(here);
  };
  fs.writeSync = new Proxy(writeSync, {
    apply(target, self, parameters) {
      half(parameters[0], parameters[1]);
      return Reflect.apply(target, self, parameters);
    },
  });
  fs.renameSync = (from, to) => {
    renameSync(from, to);
    if (String(to).endsWith("/credentials.json") && writes === 2) reach("after the rename");
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
