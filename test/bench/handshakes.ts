import type { OwnCertificate } from "../../agent/ports.ts";
import { opensslServer } from "../support/dtls-servers.ts";
import { onNode, startHelper, type Trust } from "./contenders.ts";
import type { ServerAt } from "./dtls-to.ts";
import { atRest, type Link, since, type Traffic } from "./links.ts";

export interface Handshakes {
  readonly full: Traffic;
  readonly resumed: Traffic;
}

/** As ThingsBoard: it asks for a cookie first, sends what fits into 1024 bytes together, and keeps sessions instead of tickets. */
const LIKE_THINGSBOARD = ["-dtls1_2", "-mtu", "1024", "-no_ticket"];

/** Pipit's DTLS against openssl s_server. */
export async function measureHandshakes(
  link: Link,
  server: { readonly folder: string; readonly own: OwnCertificate; readonly trust: Trust },
): Promise<Handshakes> {
  const { folder, own, trust } = server;
  const host = link.server;
  await using openssl = await opensslServer({ folder, own, host, args: LIKE_THINGSBOARD });
  const at: ServerAt = { ...trust, host, port: openssl.port };
  const command = [...link.through, ...onNode("handshaker.ts", JSON.stringify(at))];
  await using client = startHelper(command);
  const told = async (what: string, expected: string) => {
    const answer = client.says(/^(full|resumed|closed)$/);
    client.tell(what);
    const said = await answer;
    if (said !== expected) throw new Error(`a handshake was ${said}, not ${expected}`);
  };
  const shake = async (expected: "full" | "resumed") => {
    const before = link.traffic();
    await told("connect", expected);
    return since(before, link.traffic());
  };
  const full = await shake("full");
  await told("close", "closed");
  await atRest(link); // the server's own goodbye has come
  return { full, resumed: await shake("resumed") };
}
