import { expect, it } from "vitest";
import { AgentError } from "../../../agent/errors.ts";
import type { Readings, TakenSample } from "../../../agent/ports.ts";
import { acceptPublished } from "../../../agent/telemetry/published.ts";
import { takenAt } from "../../support/a-journal.ts";
import { recordingLog } from "../../support/recording-log.ts";

function published(onChange: boolean, fail?: Error) {
  const accepted: [TakenSample, boolean | undefined][] = [];
  let handler: ((readings: Readings) => Promise<void>) | null = null;
  let ts = 1_000;
  const running = acceptPublished({
    intake: {
      serve(accept) {
        handler = accept;
        return {
          [Symbol.dispose]() {
            handler = null;
          },
        };
      },
    },
    outbox: {
      async accept(sample, options) {
        if (fail) throw fail;
        accepted.push([sample, options?.hold]);
      },
    },
    stamp: () => takenAt(ts++),
    onChange,
    log: recordingLog(),
  });
  const send = (readings: Readings) => handler?.(readings) ?? Promise.reject(new Error("nobody"));
  return { accepted, send, running };
}

it("stores each message as a sample of its own, which leaves with the next", async () => {
  const { accepted, send } = published(false);
  await send({ door: true });
  await send({ door: true, level: 3 });
  expect(accepted).toEqual([
    [{ taken: takenAt(1_000), readings: { door: true } }, true],
    [{ taken: takenAt(1_001), readings: { door: true, level: 3 } }, true],
  ]);
});

it("with on_change sends a changed value at once, and stores an unchanged one all the same", async () => {
  const { accepted, send } = published(true);
  for (const door of [true, true, false]) await send({ door });
  expect(accepted.map(([, hold]) => hold)).toEqual([false, true, false]);
});

it("tells the sender when it cannot be stored, and then holds the value for new again", async () => {
  const { send } = published(true, new AgentError("storage", "the disk is full"));
  await expect(send({ door: true })).rejects.toThrow("the disk is full");
});

it("takes nothing after it was disposed", async () => {
  const { send, running } = published(false);
  running[Symbol.dispose]();
  await expect(send({ door: true })).rejects.toThrow("nobody");
});
