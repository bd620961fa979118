import { setTimeout as sleep } from "node:timers/promises";
import type { Contender } from "./contenders.ts";
import { since } from "./links.ts";
import type { Place } from "./stage.ts";
import { mean } from "./statistics.ts";
import { usageOf } from "./usage.ts";
import { type Course, InvalidWindow } from "./window.ts";
import { labels, type Name, names, type WireFigures, type WireWindow } from "./wire-table.ts";

/** All of them in the same minutes; each is looked at half an interval after a report of its own, when it sleeps. */
export async function measureWire(
  contenders: Readonly<Partial<Record<Name, Contender>>>,
  places: Readonly<Record<Name, Place>>,
  course: Course,
): Promise<WireWindow> {
  const measuring = names.map(async (name) => {
    const contender = contenders[name];
    return contender ? [[name, await measureOne(name, contender, places[name], course)]] : [];
  });
  // All of them to their end: whoever measures again must not meet those of before.
  const ended = await Promise.allSettled(measuring);
  const figures = ended.flatMap((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
  return Object.fromEntries(figures);
}

async function measureOne(
  name: Name,
  contender: Contender,
  { link, server, start }: Place,
  { reports, intervalMs }: Course,
): Promise<WireFigures> {
  const { token } = start;
  const beat = async () => {
    await Promise.race([server.next(token, 3 * intervalMs), contender.failure()]);
    await sleep(intervalMs / 2);
  };
  const look = () => ({
    ...usageOf(contender.pid),
    traffic: link.traffic(),
    reports: server.reports(token).length,
  });
  await beat();
  const before = look();
  for (let report = 0; report < reports; report++) await beat();
  const after = look();
  const sent = server.reports(token).slice(before.reports, after.reports);
  if (sent.length !== reports)
    throw new InvalidWindow(`${labels[name]}: ${sent.length} reports instead of ${reports}`);
  const { up, down } = since(before.traffic, after.traffic);
  return {
    cpuMs: (after.cpuMs - before.cpuMs) / reports,
    up: up.bytes / reports,
    down: down.bytes / reports,
    jsonBytes: mean(sent.map(({ json }) => json.length)),
    messageBytes: mean(sent.map(({ bytes }) => bytes)),
  };
}
