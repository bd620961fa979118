import { type About, nothingKnown, type Outcome } from "./answer.ts";
import type { Chance } from "./chance.ts";
import {
  hasUnknownCritical,
  OPTION,
  optionOf,
  parseBlock,
  servedOptions,
  uintBytes,
  uintOptionOf,
} from "./coap-options.ts";
import type { CoapServer, ParsedRequest } from "./coap-server.ts";
import type { createDeviceApi, Served } from "./device-api.ts";
import type { FaultSwitches } from "./faults.ts";
import type { Evaluated } from "./front.ts";
import type { Notification, Relation } from "./observations.ts";
import { decodePath } from "./path.ts";
import type { Peer } from "./peer.ts";
import type { createUploads } from "./uploads.ts";
import type { CoapOption, Message } from "./wire.ts";

export interface EvaluationDeps {
  readonly api: ReturnType<typeof createDeviceApi>;
  readonly uploads: ReturnType<typeof createUploads>;
  readonly faults: FaultSwitches;
  readonly chance: Chance;
  /** Made anew by a restart. */
  server(): CoapServer;
  /** What was thrown while a request was worked on. */
  onBug(error: unknown): void;
}

const methods: ReadonlySet<string> = new Set(["0.01", "0.02", "0.03", "0.04"]);

/** From a request message to what answers it: order of blocks, npm coap, device API. */
export function createEvaluation(deps: EvaluationDeps) {
  const { api, uploads, faults, chance, server } = deps;

  return {
    /** A bug costs the request that met it a 5.00, as in ThingsBoard, and not the process. */
    evaluate(request: Message, peer: Peer): Evaluated {
      try {
        return evaluated(request, peer);
      } catch (error) {
        deps.onBug(error);
        return failed(request, "5.00");
      }
    },

    /** A notification is a GET that the server asks itself, so that a long one is cut like any answer. */
    render(relation: Relation, { code, payload, observe }: Notification): Message {
      const request = { ...relation.request, options: servedOptions(relation.request) };
      const format = payload === "" ? [] : [contentFormat(uintOptionOf(request, 12) ?? 50)];
      const blocks = uploads.check(request, relation.peer.key);
      const exchange = blocks.kind === "pass" ? blocks.exchange : request.token;
      const served = { code, payload: new TextEncoder().encode(payload), options: format };
      const response = server().respond(request, exchange, relation.peer, () => served);
      if (!response) throw new Error(`npm coap did not render a ${code} notification`);
      return observed(response, observe);
    },
  };

  function evaluated(request: Message, peer: Peer): Evaluated {
    if (hasUnknownCritical(request)) return failed(request, "4.02");
    if (!methods.has(request.code)) return failed(request, "4.05");
    if (hasBadBlock2(request)) return failed(request, "4.02");
    const blocks = uploads.check(request, peer.key);
    if (blocks.kind === "refuse") return failed(request, blocks.code, blocks.text);

    const seen: { served: Served | null } = { served: null };
    const inner = { ...request, options: servedOptions(request) };
    const response = server().respond(inner, blocks.exchange, peer, (parsed) => {
      const served = serve(parsed, request, peer);
      seen.served = served;
      return served.outcome === "silent" ? null : responseOf(served.outcome, request);
    });
    const { outcome, about } = seen.served ?? { outcome: null, about: aboutOf(request) };
    if (outcome === "silent") return { outcome, response: null, about };
    // Bytes that npm coap cannot read, though we could.
    if (response === null) return failed(request, "5.00");
    const unwanted = isUnwanted(request, response.code);
    return {
      outcome: outcome ?? { code: response.code },
      response: unwanted ? null : observed(response, outcome?.observe),
      about,
    };
  }

  function serve(parsed: ParsedRequest, request: Message, peer: Peer): Served {
    if (faults.take("failNext") || chance.happens(faults.now().failPercent)) {
      return { outcome: { code: "5.00" }, about: aboutOf(request) };
    }
    return api({
      ...parsed,
      contentFormat: uintOptionOf(request, OPTION.CONTENT_FORMAT) ?? null,
      observe: uintOptionOf(request, OPTION.OBSERVE) ?? null,
      from: {
        peer,
        coapToken: Buffer.from(request.token).toString("hex"),
        confirmable: request.type === "CON",
        request,
      },
    });
  }
}

const contentFormat = (value: number): CoapOption => ({
  number: OPTION.CONTENT_FORMAT,
  value: uintBytes(value),
});

/** npm coap counts from 1 and keeps counting; ThingsBoard starts each registration at 0. */
const observed = (response: Message, observe: number | undefined): Message =>
  observe === undefined
    ? response
    : {
        ...response,
        options: [...response.options, { number: OPTION.OBSERVE, value: uintBytes(observe) }],
      };

/** npm coap would notice only after the device API has acted. */
function hasBadBlock2(request: Message): boolean {
  const block2 = optionOf(request, OPTION.BLOCK2);
  return block2 !== undefined && (block2.length > 3 || parseBlock(block2).sizeBytes === null);
}

function responseOf(answer: Exclude<Outcome, "silent">, request: Message) {
  const options: CoapOption[] = [];
  if (answer.contentFormat !== undefined) options.push(contentFormat(answer.contentFormat));
  // RFC 7959 §2.2: the answer to the last block says which block it answers.
  const block1 = optionOf(request, OPTION.BLOCK1);
  if (block1) options.push({ number: OPTION.BLOCK1, value: block1 });
  return { code: answer.code, options, ...(answer.payload && { payload: answer.payload }) };
}

/** RFC 7967 §2.1: 2 suppresses 2.xx, 8 suppresses 4.xx, 16 suppresses 5.xx. */
function isUnwanted(request: Message, code: string): boolean {
  const mask = uintOptionOf(request, OPTION.NO_RESPONSE) ?? 0;
  return (mask & (1 << (Number(code[0]) - 1))) !== 0;
}

function failed(request: Message, code: string, text = ""): Evaluated {
  const response = { ...request, code, options: [], payload: new TextEncoder().encode(text) };
  return { outcome: { code }, response, about: aboutOf(request) };
}

/** What a request is about as long as the device API has not looked at it. */
function aboutOf({ options }: Message): About {
  const path = options
    .filter(({ number }) => number === OPTION.URI_PATH)
    .map(({ value }) => new TextDecoder().decode(value));
  const target = decodePath(path);
  return { ...nothingKnown, feature: target.kind === "feature" ? target.feature : null };
}
