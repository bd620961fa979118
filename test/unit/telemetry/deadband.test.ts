import fc from "fast-check";
import { expect, it } from "vitest";
import type { Readings } from "../../../agent/ports.ts";
import { type AcceptRule, acceptAll } from "../../../agent/source.ts";
import { createDeadband, type Deadband } from "../../../agent/telemetry/deadband.ts";

const open = (deadband = 0) => ({
  band: createDeadband({ deadband, maxSilenceMs: 600_000, intervalMs: 10_000 }),
});
const newsOf = (band: Deadband, rule: AcceptRule, readings: Readings, atMs = 0, pace = {}) => {
  const source = { rule, intervalMs: null, schedule: null, ...pace };
  return Object.fromEntries(
    Object.entries(readings).filter(([key, value]) => band.isNews(source, key, value, atMs)),
  );
};
/** As the sampler does: it asks, and tells what then was accepted. */
const accept = (band: Deadband, rule: AcceptRule, readings: Readings, atMs = 0) =>
  band.accepted(newsOf(band, rule, readings, atMs), atMs);
const within = (deadband: number) => ({ deadband, onChange: false });
const onChange = { deadband: null, onChange: true };

it("without a deadband every reading is news", () => {
  const { band } = open();
  accept(band, acceptAll, { a: 1, door: true });
  expect(newsOf(band, acceptAll, { a: 1, door: true })).toEqual({ a: 1, door: true });
});

it("a number is news when it moved by more than the deadband from the last accepted one", () => {
  const { band } = open();
  accept(band, within(0.5), { a: 20 });
  expect(newsOf(band, within(0.5), { a: 20.5 })).toEqual({});
  expect(newsOf(band, within(0.5), { a: 20.6 })).toEqual({ a: 20.6 });
});

it("small steps in one direction are noticed, because only accepted values are remembered", () => {
  const { band } = open();
  accept(band, within(0.5), { a: 20 });
  const accepted: number[] = [];
  for (let a = 20.2; a < 22; a += 0.2) {
    const news = newsOf(band, within(0.5), { a });
    if ("a" in news) accepted.push(Math.round(a * 10) / 10);
    band.accepted(news, 0);
  }
  expect(accepted).toEqual([20.6, 21.2, 21.8]);
});

it("what the journal refused stays news", () => {
  const { band } = open();
  expect(newsOf(band, within(1), { a: 5 })).toEqual({ a: 5 });
  expect(newsOf(band, within(1), { a: 5 })).toEqual({ a: 5 });
});

it.each([
  ["every 10 s", {}, 594_999, 595_000],
  ["every 10 minutes", { intervalMs: 600_000 }, 299_999, 300_000],
  ["by a schedule", { schedule: "0 * * * *" }, 569_999, 570_000],
])(
  "an unchanged value of a source %s is sent at the beat nearest to the longest silence",
  (_, pace, early, due) => {
    const { band } = open();
    const readings = { a: 20, door: true };
    accept(band, onChange, readings, 7);
    expect(newsOf(band, onChange, readings, 7 + early, pace)).toEqual({});
    expect(newsOf(band, onChange, readings, 7 + due, pace)).toEqual(readings);
  },
);

it("on_change takes any other value of a flag or a text, and numbers by the general deadband", () => {
  const { band } = open(2);
  accept(band, onChange, { door: true, mode: "auto", a: 20 });
  expect(newsOf(band, onChange, { door: true, mode: "auto", a: 22 })).toEqual({});
  expect(newsOf(band, onChange, { door: false, mode: "eco", a: 22.1 })).toEqual({
    door: false,
    mode: "eco",
    a: 22.1,
  });
});

it("a value that changes its type is news", () => {
  const { band } = open(10);
  accept(band, acceptAll, { a: 1 });
  expect(newsOf(band, acceptAll, { a: "1" })).toEqual({ a: "1" });
});

it("never holds back more than the deadband, whatever comes", () => {
  const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }));
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 100, noNaN: true }), values, (width, series) => {
      const { band } = open();
      let known: number | null = null;
      for (const a of series) {
        const news = newsOf(band, within(width), { a });
        band.accepted(news, 0);
        if ("a" in news) known = a;
        expect(Math.abs(a - (known ?? Number.POSITIVE_INFINITY))).toBeLessThanOrEqual(width);
      }
    }),
  );
});
