import { CoapError } from "../coap/coap-error.ts";
import type { AgentError } from "../errors.ts";
import type { Degradation } from "../standing.ts";
import { type OutageCause, outageCause } from "./outage-cause.ts";

type Concern = Omit<Degradation, "text">;

const server: Concern = {
  name: "server",
  code: "P042",
  fix: "look whether the server runs, and whether UDP to its port gets through: docs/commands.md, P042",
};

const concerns: Readonly<Record<OutageCause, Concern>> = {
  dns: {
    name: "dns",
    code: "P041",
    fix: "check the name in [server] url, then: resolvectl status",
  },
  route: { name: "network", code: "P040", fix: "look at: ip address; ip route" },
  silence: server,
  reset: server,
  "5.xx": server,
  other: server,
  handshake: {
    name: "handshake",
    code: "P043",
    fix: "check [server] url, its certificate, and: date",
  },
  "4.01": {
    name: "token",
    code: "P047",
    fix: "in ThingsBoard look at the device's credentials; they may have been changed or deleted",
  },
  refused: { name: "provisioning", code: "P022", fix: "sudo pipit provision tells what to do" },
  storage: {
    name: "credentials",
    code: "P048",
    fix: "make the state folder writable: df -h; dmesg",
  },
  clock: { name: "clock", code: "P045", fix: "timedatectl" },
  off: server,
};

/** What keeps the device from delivering, as a standing condition. The error's own code and hint say more. */
export function troubleOf(error: AgentError): Degradation {
  const { name, code, fix } = isClosedPort(error) ? server : concerns[outageCause(error)];
  return { name, code: error.code ?? code, text: error.message, fix: error.hint ?? fix };
}

/** The way there works: only nobody listens at its end. */
const isClosedPort = (error: AgentError) =>
  error instanceof CoapError && error.errno === "ECONNREFUSED";
