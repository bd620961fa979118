import type { Clock } from "../ports.ts";
import type { About } from "./answer.ts";
import type { SandboxEvent } from "./event.ts";
import type { Exchange } from "./exchanges.ts";
import type { Notification, Relation } from "./observations.ts";

const methods: Readonly<Record<string, string>> = {
  "0.01": "GET",
  "0.02": "POST",
  "0.03": "PUT",
  "0.04": "DELETE",
};

/** Turns what happens into events. They name features, never paths, so no token can slip in. */
export function createStory(clock: Clock, tell: (event: SandboxEvent) => void) {
  const told = new WeakMap<Exchange, SandboxEvent>();
  return {
    /** Without `about` it is the same request again. */
    served(exchange: Exchange, code: string, about: About | null): void {
      const { peer, request, sends } = exchange;
      const former = told.get(exchange);
      if (about === null) {
        if (former) tell({ ...former, at: clock.now(), sends, repeat: true });
        return;
      }
      const event: SandboxEvent = {
        at: clock.now(),
        peer: peer.key,
        method: methods[request.code] ?? request.code,
        path: about.feature,
        code,
        device: about.device,
        points: about.points,
        values: about.values,
        sends,
        repeat: false,
      };
      told.set(exchange, event);
      tell(event);
    },
    pushed({ peer, device, subject }: Relation, { code }: Notification): void {
      tell({
        at: clock.now(),
        peer: peer.key,
        method: "PUSH",
        path: subject,
        code,
        device,
        points: 0,
        values: [],
        sends: 1,
        repeat: false,
      });
    },
  };
}
