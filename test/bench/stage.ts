import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OwnCertificate } from "../../agent/ports.ts";
import { makeCertificates } from "../support/certificates.ts";
import { startAcker, startSecureAcker } from "./acker.ts";
import type { Arrivals } from "./arrivals.ts";
import { startBroker } from "./broker.ts";
import type { Start, Trust } from "./contenders.ts";
import { type Link, loopbackUp, openLink } from "./links.ts";
import { tokenOf } from "./token.ts";
import { type Name, names } from "./wire-table.ts";

/** Where a contender runs, and whom it sends to. */
export interface Place {
  readonly link: Link;
  readonly server: Arrivals;
  readonly start: Start;
  /** Null: in clear text. */
  readonly trust: Trust | null;
}

export interface Stage extends AsyncDisposable {
  readonly places: Readonly<Record<Name, Place>>;
  /** A link without a contender. */
  readonly spare: Link;
  /** A server's certificate, and who believes it. */
  readonly own: OwnCertificate;
  readonly trust: Trust;
}

/** What stands in the certificates. */
const SERVER_NAME = "localhost";
const EVERYWHERE = "0.0.0.0";

/** A board for each contender, and the servers of all: in this process but for the broker. Wants root, and a network namespace. */
export async function openStage(folder: string, intervalMs: number): Promise<Stage> {
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  await using stack = new AsyncDisposableStack();
  loopbackUp();
  const { ec: own, authority } = makeCertificates();
  const tokens = names.map(tokenOf);
  const plain = stack.use(await startAcker(tokens, { host: EVERYWHERE }));
  const secure = stack.use(await startSecureAcker(tokens, EVERYWHERE, SERVER_NAME));
  const broker = stack.use(await startBroker(folder, own, tokenOf("mqtts")));
  const trust = { serverName: SERVER_NAME, caFile: file("authority.pem", authority.certificate) };
  const trustOfSecure = { ...trust, caFile: file("acker.pem", secure.authority) };

  let links = 0;
  const open = async () => stack.use(await openLink(++links));
  const placeAt = async (
    name: Name,
    server: Arrivals & { readonly port: number },
    trusted: Trust | null,
  ): Promise<Place> => {
    const link = await open();
    const own = join(folder, `of-${name}`);
    mkdirSync(own);
    const at = { host: link.server, port: server.port, through: link.through };
    const start = { folder: own, token: tokenOf(name), intervalMs, ...at };
    return { link, server, start, trust: trusted };
  };
  const places = {
    floor: await placeAt("floor", plain, null),
    pipitCoap: await placeAt("pipitCoap", plain, null),
    pipitCoaps: await placeAt("pipitCoaps", secure, trustOfSecure),
    coap: await placeAt("coap", plain, null),
    coaps: await placeAt("coaps", secure, trustOfSecure),
    mqtts: await placeAt("mqtts", broker, trust),
  };
  const spare = await open();
  const owned = stack.move();
  return { places, spare, own, trust, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
