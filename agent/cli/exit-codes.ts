import { AgentError } from "../errors.ts";
import { UsageError } from "./command.ts";

/** As sysexits.h has them; docs/commands.md tells where each one occurs. */
export const EXIT = {
  ok: 0,
  /** The answer is no. */
  no: 1,
  notRunning: 3,
  usage: 64,
  unreachable: 69,
  bug: 70,
  temporary: 75,
  permission: 77,
  config: 78,
} as const;

const PERMISSION = new Set(["EACCES", "EPERM"]);
/** Failures of the way to the server, as against answers of the server. */
const UNREACHABLE = new Set(["timeout", "reset", "unreachable", "resolve", "handshake"]);

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (!(error instanceof AgentError)) return EXIT.bug;
  switch (error.kind) {
    case "config":
      return EXIT.config;
    case "storage":
      return PERMISSION.has(causeCode(error)) ? EXIT.permission : EXIT.temporary;
    case "refused":
    case "unauthorized":
    case "rejected":
      return EXIT.no;
    case "transient":
      return "failure" in error && UNREACHABLE.has(String(error.failure))
        ? EXIT.unreachable
        : EXIT.temporary;
    case "sensor":
      return EXIT.no;
    case "bug":
      return EXIT.bug;
  }
}

const causeCode = ({ cause }: AgentError): string =>
  cause instanceof Error && "code" in cause ? String(cause.code) : "";
