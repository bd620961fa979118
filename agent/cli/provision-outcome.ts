import { type Credentials, hasToken } from "../credentials.ts";
import type { Shell } from "./command.ts";

export interface Outcome {
  readonly status: "provisioned" | "already provisioned" | "token taken over";
  readonly credentials: Credentials;
  /** Round trip of the question whether the stored token is valid; the server said yes. */
  readonly verifiedMs: number;
}

export function reportOutcome(shell: Shell, json: boolean, outcome: Outcome): void {
  const { status, verifiedMs } = outcome;
  const { deviceName, server } = outcome.credentials;
  if (json) shell.out(JSON.stringify({ status, deviceName, server, verifiedMs }));
  else shell.out(sentence(outcome));
}

function sentence({ status, credentials, verifiedMs }: Outcome): string {
  const { deviceName } = credentials;
  const proof = hasToken(credentials) ? "token" : "certificate";
  const name = deviceName === null ? "under a name that the server knows" : `as "${deviceName}"`;
  switch (status) {
    case "provisioned":
      return `provisioned ${name}; ${proof} stored and verified`;
    case "already provisioned":
      return `already provisioned ${name}; ${proof} verified ${verifiedMs} ms`;
    case "token taken over":
      return `access token taken over; stored and verified ${verifiedMs} ms`;
  }
}
