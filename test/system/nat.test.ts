import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { publishTo } from "../../agent/platform/publish-client.ts";
import { handshakeMessages, recordTypes } from "../support/dtls-records.ts";
import { FIRST_PORT, nattedLine } from "../support/natted-line.ts";
import { pipit } from "../support/pipit-process.ts";
import { startStandIn } from "../support/stand-in.ts";
import { supervised } from "../support/supervised.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import type { Seen } from "../support/wire.ts";

/** The real agent over coaps behind a router that masquerades: board, router and server are network namespaces. */

const PORT = 5_684;
const TOKEN = "aTokenOfTheBoard";

/** RFC 5246 §7.4. */
const [CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, CLIENT_KEY_EXCHANGE] = [1, 2, 11, 16];
/** RFC 6347 §4.1: content types of records. */
const [ALERT, APPLICATION_DATA] = [21, 23];

/** From the first transmission of a request to giving it up, and the longest pause before the next one. */
const DEADLINE_MS = 30_000;
const FIRST_PAUSE_MS = 2_000;
/** Of a full handshake with 50 ms each way: four times what it takes. */
const HANDSHAKE_MS = 2_000;

const hasHello = ({ bytes }: Seen) => handshakeMessages([bytes]).includes(CLIENT_HELLO);
const isData = ({ bytes }: Seen) => recordTypes([bytes]).includes(APPLICATION_DATA);

async function world() {
  const line = nattedLine();
  const folder = temporaryFolder();
  const caFile = join(folder, "ca.pem");
  const serve = () =>
    startStandIn({
      sandbox: {
        host: line.serverHost,
        port: PORT,
        secure: { names: [] },
        faults: { delayMs: 50 },
      },
      caFile,
      device: "board-1",
      token: TOKEN,
      through: line.server,
    });
  const server = await serve();
  const config = join(folder, "pipit.toml");
  const text = `[server]\nurl = "coaps://${line.serverHost}:${PORT}"\nca_file = "${caFile}"
[telemetry]\ninterval = "24h"\n[system]\nmetrics = ["uptime"]\ninventory = false
[publish]\non_change = true\n[clock]\ntrust = "always"\n`;
  writeFileSync(config, text);
  const args = ["--config", config, "--state", join(folder, "state")];
  const taken = pipit(["provision", "--token-stdin", ...args], {
    input: TOKEN,
    through: line.board,
  });
  expect(await taken.ended, taken.stderr()).toBe(0);

  const wire = await line.capture();
  const agent = supervised({ args, through: line.board });
  await agent.ready();
  await publishTo(agent.socket, { n: 1 });
  await server.stored(1);
  const isQuiet = () => agent.until(({ state, outbox }) => state === "online" && !outbox.waiting);
  await isQuiet();
  return { line, wire, agent, server, serve, isQuiet };
}

/** What passed with the port of the latest handshake, from its first ClientHello to the first answer under its protection. */
function lastFlow(seen: readonly Seen[]) {
  const port = seen.findLast(hasHello)?.port ?? expect.fail("no handshake was seen");
  const flow = seen.filter((each) => each.port === port);
  const first = flow.findIndex((each) => !each.isUp && isData(each));
  expect(first, "no answer was seen").toBeGreaterThan(0);
  const toFirstAnswer = flow.slice(0, first + 1);
  const roundTrips = toFirstAnswer.filter(
    (each, at) => !each.isUp && toFirstAnswer[at - 1]?.isUp,
  ).length;
  const messages = handshakeMessages(toFirstAnswer.map(({ bytes }) => bytes));
  return { port, roundTrips, messages, answered: toFirstAnswer.at(-1) };
}

/** The flows beside it: of those that nobody answers any more only requests pass, and a farewell. */
const silentPorts = (seen: readonly Seen[], port: number) => {
  const beside = seen.filter((each) => each.port !== port);
  expect(beside.filter(({ isUp }) => !isUp)).toEqual([]);
  const types = recordTypes(beside.map(({ bytes }) => bytes));
  expect(types).toContain(APPLICATION_DATA);
  expect(types.filter((type) => type !== APPLICATION_DATA && type !== ALERT)).toEqual([]);
  return [...new Set(beside.map((each) => each.port))];
};

/** By the stamps of the wire; a flow's sequence does not tell how long nothing was heard. */
const lastedMs = (seen: readonly Seen[], answered: Seen | undefined) =>
  (answered?.atMs ?? Number.POSITIVE_INFINITY) - (seen[0]?.atMs ?? 0);

it("after a NAT rebinding: resumed, not full, and two round trips to the first ack after the deadline", async () => {
  const { line, wire, agent, server, isQuiet } = await world();
  expect(lastFlow(wire.seen).messages).toContain(CERTIFICATE);
  expect(wire.seen.every(({ port }) => port >= FIRST_PORT && port < FIRST_PORT + 1_000)).toBe(true);

  const before = wire.seen.length;
  const first = line.rebind();
  await publishTo(agent.socket, { n: 2 });
  await publishTo(agent.socket, { n: 3 });
  await server.stored(1, 2, 3);
  await isQuiet();

  const after = wire.seen.slice(before);
  const { port, roundTrips, messages, answered } = lastFlow(after);
  // The server hears the old session under a port that it does not know, is silent, and then shakes hands once.
  expect(after.every((each) => each.port >= first && each.port < first + 1_000)).toBe(true);
  expect(silentPorts(after, port)).toHaveLength(1);
  expect(after.filter(hasHello)).toHaveLength(1);
  expect(messages).toContain(SERVER_HELLO);
  expect(messages).not.toContain(CERTIFICATE);
  expect(messages).not.toContain(CLIENT_KEY_EXCHANGE);
  expect(roundTrips).toBe(2);
  expect(lastedMs(after, answered)).toBeLessThan(DEADLINE_MS + FIRST_PAUSE_MS + HANDSHAKE_MS);
});

it("after the server was killed and started anew: one deadline and one full handshake, and nothing is lost", async () => {
  const { wire, agent, server, serve, isQuiet } = await world();
  await server.kill();
  const anew = await serve();
  const before = wire.seen.length;
  await publishTo(agent.socket, { n: 2 });
  await publishTo(agent.socket, { n: 3 });
  await anew.stored(2, 3);
  await isQuiet();

  const after = wire.seen.slice(before);
  const { port, roundTrips, messages, answered } = lastFlow(after);
  expect(silentPorts(after, port)).toHaveLength(1);
  expect(after.filter(hasHello)).toHaveLength(1);
  expect(messages).toContain(CERTIFICATE);
  expect(roundTrips).toBe(3);
  expect(lastedMs(after, answered)).toBeLessThan(DEADLINE_MS + FIRST_PAUSE_MS + HANDSHAKE_MS);
});

it("what is handed in while no server is there waits, and is delivered once there is one", async () => {
  const { agent, server, serve, isQuiet } = await world();
  await server.kill();
  await publishTo(agent.socket, { n: 2 });
  await agent.until(({ state }) => state === "offline");
  await publishTo(agent.socket, { n: 3 });
  const anew = await serve();
  await anew.stored(2, 3);
  await isQuiet();
});
