import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { AgentError } from "../errors.ts";
import type { Json } from "../ports.ts";
import { type Action, actions, type Controlled } from "./control-actions.ts";
import { isTooDeep, MOST_LEVELS } from "./json-depth.ts";
import { page } from "./page.ts";
import type { SandboxState } from "./state.ts";

const LARGEST_BODY_BYTES = 64 * 1024;
const SLOWEST_REQUEST_MS = 10_000;
const NEWEST_SHOWN = 5;

type Reply =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: number; readonly page: typeof page };

/** HTTP on 127.0.0.1 to look into the sandbox and to set its faults. Rejects if the port is taken. */
export async function openControl(sandbox: Controlled, port: number) {
  const server = createServer({ requestTimeout: SLOWEST_REQUEST_MS }, (request, response) => {
    answerTo(request, sandbox).then(
      (reply) => send(response, reply),
      (error: unknown) => send(response, replyTo(error)),
    );
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : port,
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function answerTo(request: IncomingMessage, sandbox: Controlled): Promise<Reply> {
  // A page in a browser on this machine must not steer the sandbox: it cannot forge the Host header,
  // and it cannot send JSON to another origin without being asked first.
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? "")) {
    return problem(403, "the Host header is 127.0.0.1 or localhost");
  }
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  if (request.method === "GET" && path === "/") return { status: 200, page };
  if (request.method === "GET" && path === "/state") {
    return { status: 200, body: briefly(sandbox.state()) };
  }
  const action: Action | undefined = Object.hasOwn(actions, path) ? actions[path] : undefined;
  if (!action) return problem(404, `nothing at ${path}`, overview);
  if (request.method !== "POST") return problem(405, `${path} takes POST`, overview);
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
    return problem(415, "send JSON", "add the header content-type: application/json");
  }
  const body = await bodyOf(request);
  if (body === null) return problem(413, `a body has at most ${LARGEST_BODY_BYTES} bytes`);
  const result = await action(sandbox, parseBody(body));
  return { status: 200, body: result ?? { ok: true } };
}

const overview = `GET / and /state; POST ${Object.keys(actions).join(", ")}`;

const problem = (status: number, error: string, hint?: string): Reply => ({
  status,
  body: { error, ...(hint && { hint }) },
});

function replyTo(error: unknown): Reply {
  if (error instanceof AgentError) {
    return problem(error.kind === "transient" ? 504 : 400, error.message, error.hint);
  }
  return problem(500, error instanceof Error ? error.message : String(error));
}

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseBody(body: string): Readonly<Record<string, Json>> {
  if (isTooDeep(body)) {
    throw new AgentError("config", `the body is nested deeper than ${MOST_LEVELS} levels`);
  }
  try {
    const parsed: Json = JSON.parse(body === "" ? "{}" : body);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
      return parsed as Readonly<Record<string, Json>>;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new AgentError("config", `the body is not JSON: ${error.message}`);
  }
  throw new AgentError("config", "the body is a JSON object");
}

/** A key keeps up to 1000 values; here the newest of them say enough. */
function briefly(state: SandboxState): SandboxState {
  const devices = Object.entries(state.devices).map(([name, device]) => {
    const keys = Object.entries(device.telemetry.keys).map(([key, series]) => [
      key,
      { ...series, recent: series.recent.slice(-NEWEST_SHOWN) },
    ]);
    const telemetry = { ...device.telemetry, keys: Object.fromEntries(keys) };
    return [name, { ...device, telemetry }];
  });
  return { ...state, devices: Object.fromEntries(devices) };
}

function send(response: ServerResponse, reply: Reply): void {
  const close = { connection: "close", "cache-control": "no-store" };
  if ("page" in reply) {
    response.writeHead(reply.status, { ...reply.page.headers, ...close });
    response.end(reply.page.html);
    return;
  }
  response.writeHead(reply.status, { "content-type": "application/json", ...close });
  // Indented, a deep state would grow with the square of its depth.
  response.end(`${JSON.stringify(reply.body)}\n`);
}
