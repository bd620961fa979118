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
}

export async function openSandboxWorld(options: SandboxOptions = {}): Promise<SandboxWorld> {
  const clock = virtualClock();
  const sandbox = await startSandbox({ httpPort: null, seed: 1, clock, ...options });
  const client = await openRawClient(sandbox.port);
  return {
    ...{ sandbox, clock, client },
    token: sandbox.preprovision("board", "boardToken"),
    async ask(request) {
      client.send(request);
      const answer = await client.next();
      if (answer.type === "CON") client.acknowledge(answer);
      return answer;
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}
