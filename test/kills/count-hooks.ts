/**
 * Loaded before a program (`node --import`): kills the process, by SIGKILL and from within, at the operation whose number
 * PIPIT_KILL_AT_OPERATION gives. Counted is what touches credentials.json, and every datagram; a write is cut in its middle.
 * At its end a process that was not killed says how many operations there were.
 */
import { Socket } from "node:dgram";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const fatal = Number(process.env["PIPIT_KILL_AT_OPERATION"] ?? 0);
let count = 0;
const files = new Set<unknown>();

const { writeSync } = fs;
const operation = (lastWords: () => void = () => {}) => {
  if (++count !== fatal) return;
  lastWords();
  process.kill(process.pid, "SIGKILL");
};
const isOurs = (path: unknown) => String(path).includes("credentials.json");

fs.openSync = new Proxy(fs.openSync, {
  apply(target, self, parameters) {
    if (isOurs(parameters[0])) operation();
    const fd: number = Reflect.apply(target, self, parameters);
    if (isOurs(parameters[0])) files.add(fd);
    return fd;
  },
});
fs.writeSync = new Proxy(fs.writeSync, {
  apply(target, self, parameters) {
    const [fd, bytes] = parameters;
    if (files.has(fd) && bytes instanceof Uint8Array)
      operation(() => void writeSync(fd, bytes.subarray(0, bytes.length / 2)));
    return Reflect.apply(target, self, parameters);
  },
});
fs.fsyncSync = new Proxy(fs.fsyncSync, {
  apply(target, self, parameters) {
    operation();
    return Reflect.apply(target, self, parameters);
  },
});
const counted = <F extends (...parameters: never[]) => unknown>(work: F): F =>
  new Proxy(work, {
    apply(target, self, parameters) {
      if (isOurs(parameters[0])) operation();
      return Reflect.apply(target, self, parameters);
    },
  });
fs.renameSync = counted(fs.renameSync);
fs.linkSync = counted(fs.linkSync);
fs.unlinkSync = counted(fs.unlinkSync);
syncBuiltinESMExports();
Socket.prototype.send = new Proxy(Socket.prototype.send, {
  apply(target, self, parameters) {
    operation();
    return Reflect.apply(target, self, parameters);
  },
});
Socket.prototype.emit = new Proxy(Socket.prototype.emit, {
  apply(target, self, parameters) {
    if (parameters[0] === "message") operation();
    return Reflect.apply(target, self, parameters);
  },
});
process.on("exit", () => void writeSync(2, `operations ${count}\n`));
