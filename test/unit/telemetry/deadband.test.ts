import fc from "fast-check";
import { expect, it } from "vitest";
import type { Readings } from "../../../agent/ports.ts";
import { type AcceptRule, acceptAll } from "../../../agent/source.ts";
import { createDeadband, type Deadband } from "../../../agent/telemetry/deadband.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

function open(deadband = 0) {
  const clock = virtualClock();
  const band = createDeadband(clock, { deadband, maxSilenceMs: 600_000 });
  return { clock, band };
}
const newsOf = (band: Deadband, rule: AcceptRule, readings: Readings) =>
  Object.fromEntries(
    Object.entries(readings).filter(([key, value]) => band.isNews(rule, key, value)),
  );
const within = (deadband: number) => ({ deadband, onChange: false });
const onChange = { deadband: null, onChange: true };

it("without a deadband every reading is news", () => {
  const { band } = open();
  band.accepted({ a: 1, door: true });
  expect(newsOf(band, acceptAll, { a: 1, door: true })).toEqual({ a: 1, door: true });
});

it("a number is news when it moved by more than the deadband from the last accepted one", () => {
  const { band } = open();
  band.accepted({ a: 20 });
  expect(newsOf(band, within(0.5), { a: 20.5 })).toEqual({});
  expect(newsOf(band, within(0.5), { a: 20.6 })).toEqual({ a: 20.6 });
});

it("small steps in one direction are noticed, because only accepted values are remembered", () => {
  const { band } = open();
  band.accepted({ a: 20 });
  const accepted: number[] = [];
  for (let a = 20.2; a < 22; a += 0.2) {
    const news = newsOf(band, within(0.5), { a });
    if ("a" in news) accepted.push(Math.round(a * 10) / 10);
    band.accepted(news);
  }
  expect(accepted).toEqual([20.6, 21.2, 21.8]);
});

it("what the journal refused stays news", () => {
  const { band } = open();
  expect(newsOf(band, within(1), { a: 5 })).toEqual({ a: 5 });
  expect(newsOf(band, within(1), { a: 5 })).toEqual({ a: 5 });
});

it("an unchanged value is sent again after the longest silence", async () => {
  const { clock, band } = open();
  band.accepted({ a: 20, door: true });
  await clock.advance(599_999);
  expect(newsOf(band, onChange, { a: 20, door: true })).toEqual({});
  await clock.advance(1);
  expect(newsOf(band, onChange, { a: 20, door: true })).toEqual({ a: 20, door: true });
});

it("on_change takes any other value of a flag or a text, and numbers by the general deadband", () => {
  const { band } = open(2);
  band.accepted({ door: true, mode: "auto", a: 20 });
  expect(newsOf(band, onChange, { door: true, mode: "auto", a: 22 })).toEqual({});
  expect(newsOf(band, onChange, { door: false, mode: "eco", a: 22.1 })).toEqual({
    door: false,
    mode: "eco",
    a: 22.1,
  });
});

it("a value that changes its type is news", () => {
  const { band } = open(10);
  band.accepted({ a: 1 });
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
        band.accepted(news);
        if ("a" in news) known = a;
        expect(Math.abs(a - (known ?? Number.POSITIVE_INFINITY))).toBeLessThanOrEqual(width);
      }
    }),
  );
});
