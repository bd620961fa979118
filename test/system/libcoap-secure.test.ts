import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { textBytes } from "../support/coap-bytes.ts";
import { textOf } from "../support/coap-rig.ts";
import { demand } from "../support/demand.ts";
import { dtlsClient } from "../support/dtls-client.ts";
import { libcoapSecureServer } from "../support/dtls-servers.ts";
import { isNotification, isRegistered, realClient } from "../support/real-client.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** CoAP over DTLS against libcoap, once on OpenSSL and once on GnuTLS. */

let made: Certificates;
beforeAll(() => {
  demand(["coap-server-openssl", "libcoap3-bin"], ["coap-server-gnutls", "libcoap3-bin"]);
  made = makeCertificates();
});

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const bodyOf = (size: number) => Uint8Array.from({ length: size }, (_, index) => (index * 7) % 251);

const secureClient = (port: number) => {
  const { network } = dtlsClient(made.authority.certificate);
  return { ...realClient(port, {}, network), network };
};

describe.each(["openssl", "gnutls"] as const)("libcoap on %s", (library) => {
  const serve = () => libcoapSecureServer(library, { folder: temporaryFolder(), own: made.ec });

  it("answers GET, PUT, POST and DELETE, and a separate response", async () => {
    await using server = await serve();
    const { ask, untilAnswered } = secureClient(server.port);
    const { response } = await untilAnswered("GET", "time");
    expect(response.code).toBe("2.05");
    const payload = textBytes("first");
    expect((await ask("PUT", "device/one", { payload })).code).toBe("2.01");
    expect(textOf((await ask("GET", "device/one")).payload)).toBe("first");
    expect((await ask("POST", "device/one", { payload, contentFormat: 0 })).code).toBe("2.04");
    expect((await ask("GET", "async", { query: ["1"] })).code).toBe("2.05");
    expect((await ask("DELETE", "device/one")).code).toBe("2.02");
  });

  it("takes 20 kB in blocks and gives them back, byte for byte", async () => {
    await using server = await serve();
    const { ask, untilAnswered, network } = secureClient(server.port);
    await untilAnswered("GET", "time");
    const body = bodyOf(20_000);
    await ask("PUT", "example_data", { payload: body, contentFormat: 42 });
    expect(sha256((await ask("GET", "example_data")).payload)).toBe(sha256(body));
    expect(network.stats()).toMatchObject({ handshakes: 1, implausible: 0 });
  });

  it("notifies an observation", async () => {
    await using server = await serve();
    const { watch, untilAnswered } = secureClient(server.port);
    await untilAnswered("GET", "time");
    const watched = watch("time");
    await watched.next(isRegistered);
    await watched.next(isNotification());
    await watched.next(isNotification());
  });
});
