import type { OwnCertificate } from "../../agent/ports.ts";
import { opensslServer } from "../support/dtls-servers.ts";
import { onNode, startHelper, type Trust } from "./contenders.ts";
import type { ServerAt } from "./dtls-to.ts";
import { atRest, type Link, since, type Traffic } from "./links.ts";
import { median, type Noise, noiseOf } from "./statistics.ts";

type Kind = "full" | "resumed";

export interface CpuTime {
  readonly ms: number;
  /** Of `ms`. */
  readonly noise: Noise;
}

export interface Handshakes {
  readonly traffic: Readonly<Record<Kind, Traffic>>;
  /** Of the client, warm; null where there was but one round. */
  readonly cpu: Readonly<Record<Kind, CpuTime>> | null;
}

/** As ThingsBoard: it asks for a cookie first, sends what fits into 1024 bytes together, and keeps sessions instead of tickets. */
const LIKE_THINGSBOARD = ["-dtls1_2", "-mtu", "1024", "-no_ticket"];

/** Pipit's DTLS against openssl s_server; the bytes are those of the first of so many rounds, which the processor time leaves out. */
export async function measureHandshakes(
  link: Link,
  server: { readonly folder: string; readonly own: OwnCertificate; readonly trust: Trust },
  rounds: number,
): Promise<Handshakes> {
  const { folder, own, trust } = server;
  const host = link.server;
  await using openssl = await opensslServer({ folder, own, host, args: LIKE_THINGSBOARD });
  const at: ServerAt = { ...trust, host, port: openssl.port };
  const command = [...link.through, ...onNode("handshaker.ts", JSON.stringify(at))];
  await using client = startHelper(command);
  const told = async (what: string, expected: Kind | "closed") => {
    const answer = client.says(/^(full|resumed|closed)\b/);
    client.tell(what);
    const [said, cpuMs = ""] = (await answer).split(" ");
    if (said !== expected) throw new Error(`a handshake was ${said}, not ${expected}`);
    return Number(cpuMs);
  };
  const shake = async (expected: Kind) => {
    const before = link.traffic();
    const cpuMs = await told("connect", expected);
    return { cpuMs, traffic: since(before, link.traffic()) };
  };
  const round = async () => {
    await told("forget", "closed");
    await atRest(link); // the server's own goodbye has come
    const full = await shake("full");
    await told("close", "closed");
    await atRest(link);
    return { full, resumed: await shake("resumed") };
  };
  const first = await round();
  const later: Awaited<ReturnType<typeof round>>[] = [];
  while (later.length < rounds - 1) later.push(await round());
  const cpuOf = (kind: Kind): CpuTime => {
    const all = later.map(({ [kind]: { cpuMs } }) => cpuMs);
    return { ms: median(all), noise: noiseOf(all) };
  };
  return {
    traffic: { full: first.full.traffic, resumed: first.resumed.traffic },
    cpu: later.length > 0 ? { full: cpuOf("full"), resumed: cpuOf("resumed") } : null,
  };
}
