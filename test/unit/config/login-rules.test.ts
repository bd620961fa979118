import { expect, it } from "vitest";
import { parseFile } from "../../support/config-input.ts";

const certificate = { cert: '"/etc/pipit/device.pem"', key: '"/etc/pipit/device.key"' };
const server = (url: string, more: string) => `[server]\nurl = "${url}"\n${more}\n`;

it("takes a certificate and its key for a coaps server", () => {
  const { cert, key } = certificate;
  const text = server("coaps://tb.example.com", `client_cert = ${cert}\nclient_key = ${key}`);
  const { config, problems } = parseFile(text);
  expect(problems).toEqual([]);
  expect(config.server).toMatchObject({
    client_cert: "/etc/pipit/device.pem",
    client_key: "/etc/pipit/device.key",
  });
});

it.each([
  ["client_cert", "client_key", certificate.cert],
  ["client_key", "client_cert", certificate.key],
])("%s alone does not count, and the line says what is missing", (given, missing, path) => {
  const { config, problems } = parseFile(server("coaps://tb", `${given} = ${path}`));
  expect(problems).toMatchObject([
    { severity: "error", place: { line: 3 }, message: expect.stringContaining(missing) },
  ]);
  // It stays: nobody becomes a device of another kind by a typing error.
  expect(config.server).toMatchObject({ [given]: path.slice(1, -1) });
});

it("has no certificates in clear text", () => {
  const { cert, key } = certificate;
  const handed = server("coap://tb", `client_cert = ${cert}\nclient_key = ${key}`);
  const own = `${server("coap://tb", "")}[provisioning]\ncredentials_type = "x509"\n`;
  for (const text of [handed, own]) {
    const { problems } = parseFile(text);
    expect(problems).toMatchObject([
      { severity: "error", message: expect.stringMatching(/write coaps:\/\/ in \[server\] url/) },
    ]);
  }
});
