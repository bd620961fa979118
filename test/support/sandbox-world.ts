import { type Sandbox, type SandboxOptions, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { openRawClient, type RawClient, type RawMessage, type RawRequest } from "./raw-coap.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

/** A sandbox on virtual time with the device "board", and a client that shows every datagram. */
export interface SandboxWorld extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly clock: VirtualClock;
  readonly client: RawClient;
  /** The access token of "board". */
  readonly token: string;
  /** Asks and takes the answer, whatever its shape; acknowledges it. */
  ask(request: RawRequest): Promise<RawMessage>;
  /** POSTs a body in blocks of 1024 bytes, however short; resolves to the answer to the last one. */
  upload(path: string, body: string): Promise<RawMessage>;
}

const BLOCK_BYTES = 1024;
const MORE = 8;
/** 2 ** (6 + 4) bytes (RFC 7959 §2.2). */
const SIZE_EXPONENT = 6;

export async function openSandboxWorld(options: SandboxOptions = {}): Promise<SandboxWorld> {
  const clock = virtualClock();
  const sandbox = await startSandbox({ httpPort: null, seed: 1, clock, ...options });
  const client = await openRawClient(sandbox.port);
  const ask = async (request: RawRequest) => {
    client.send(request);
    const answer = await client.next();
    if (answer.type === "CON") client.acknowledge(answer);
    return answer;
  };
  return {
    ...{ sandbox, clock, client, ask },
    token: sandbox.preprovision("board", "boardToken"),
    async upload(path, body) {
      const bytes = Buffer.from(body);
      for (let number = 0; ; number++) {
        const rest = bytes.subarray(number * BLOCK_BYTES);
        const more = rest.length > BLOCK_BYTES ? MORE : 0;
        const block1 = number * 16 + more + SIZE_EXPONENT;
        const piece = rest.subarray(0, BLOCK_BYTES);
        const answer = await ask({ method: "POST", path, body: piece, block1 });
        if (more === 0 || answer.code !== "2.31") return answer;
      }
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}
