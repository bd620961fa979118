import type { Json } from "../ports.ts";
import type { Feature } from "./path.ts";

/** One line of the sandbox's story. Holds no token and no secret. */
export interface SandboxEvent {
  /** Unix epoch milliseconds. */
  readonly at: number;
  readonly peer: string;
  /** "PUSH" is a notification of the server. */
  readonly method: string;
  /** The feature word; null where the path had none. */
  readonly path: Feature | null;
  /** "2.01"; "none" where ThingsBoard stays silent. */
  readonly code: string;
  readonly device: string | null;
  /** Key-value pairs in the body. */
  readonly points: number;
  /** The first few of them. */
  readonly values: readonly (readonly [key: string, value: Json])[];
  /** How many times this request has arrived, those lost by a fault included. */
  readonly sends: number;
  /** This arrival was a repetition; the stored answer went out again. */
  readonly repeat: boolean;
}
