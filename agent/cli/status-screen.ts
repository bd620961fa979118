import { printable } from "../platform/printable.ts";
import type { Status } from "../status.ts";

/** One screen for a person. `ageSeconds`: since it was written; what runs on is moved on by so much. */
export function statusScreen(status: Status, ageSeconds: number): readonly string[] {
  const { version, device, degradations, written } = status;
  // Without a report every few seconds the figures are of the moment of the last change.
  const later = written.every_seconds === null ? 0 : ageSeconds;
  const head = [`pipit ${version}`, stateOf(status, ageSeconds), device ?? "(no name yet)"];
  const rows: readonly (readonly [string, string])[] = [
    ["server", serverOf(status, later)],
    ["readings", readingsOf(status)],
    ["outbox", outboxOf(status)],
    ["clock", clockOf(status)],
    ["process", processOf(status, ageSeconds)],
    ...degradations.flatMap(({ code, text, fix }) => [
      ["degraded", `${code} ${text}`] as const,
      ["", fix] as const,
    ]),
  ];
  const lines = [head.join(" · "), ...rows.map(([name, text]) => `  ${name.padEnd(10)} ${text}`)];
  if (later !== ageSeconds) lines.push(`  as of      ${span(ageSeconds)} ago`);
  return lines.map((line) => printable(line).trimEnd());
}

const facts = (...parts: readonly (string | null)[]): string =>
  parts.filter((part) => part !== null).join("   ");

function stateOf({ state, state_seconds, cause, outbox }: Status, later: number): string {
  const isDraining = outbox.drain_seconds !== null;
  const since = `${isDraining ? `${state}, draining` : state} for ${span(state_seconds + later)}`;
  return cause === null ? since : `${since} (${cause})`;
}

const dangers: Readonly<Record<string, string>> = {
  "clear text": " (clear text: the token can be read on the way)",
  unverified: " (NOT VERIFIED: insecure_skip_verify is on)",
};

function serverOf({ server }: Status, later: number): string {
  const { rtt_ms: rtt, last_ack_seconds: ack } = server;
  return facts(
    server.url + (dangers[server.security] ?? ""),
    rtt === null ? null : `round trip ${rtt} ms`,
    ack === null ? "nothing acknowledged yet" : `last acknowledged ${span(ack + later)} ago`,
  );
}

function readingsOf({ readings }: Status): string {
  const { values, interval_seconds: interval, failing } = readings;
  const [first] = failing;
  const failed = failing.length === 1 ? "1 source failing" : `${failing.length} sources failing`;
  return facts(
    `${values} ${values === 1 ? "value" : "values"} every ${interval} s`,
    first ? `${failed}: ${first.source} (${first.error}, ${times(first.count)})` : null,
  );
}

const times = (count: number) => (count === 1 ? "once" : `${count} times`);

function outboxOf({ outbox }: Status): string {
  const { waiting, dropped, dropped_by, storage, bytes_today, drain_seconds } = outbox;
  const reasons = Object.entries(dropped_by).map(([reason, count]) => `${reason} ${count}`);
  const left = drain_seconds === null ? "" : `, gone in about ${span(drain_seconds)}`;
  return facts(
    `${waiting} waiting${left}`,
    `${dropped} dropped${reasons.length > 0 ? ` (${reasons.join(", ")})` : ""}`,
    storage === "disk" ? "kept on disk" : "kept in memory",
    `${(bytes_today / 1e6).toFixed(1)} MB written today`,
  );
}

const clockOf = ({ clock }: Status): string => {
  if (!clock.trusted) return "not trusted: samples wait for their time";
  return clock.source === "always" ? "trusted, by the configuration" : `trusted (${clock.source})`;
};

const stops: Readonly<Record<string, string>> = {
  firstStart: "for the first time",
  stop: "after it was stopped",
  reboot: "after a reboot",
  powerCut: "after a power cut",
  crash: "after a crash",
};

function processOf({ process, last_stop }: Status, later: number): string {
  const { pid, seconds, memory_mb: memory, cpu_seconds: cpu } = process;
  return facts(
    memory === null ? null : `${memory.toFixed(0)} MB`,
    seconds === 0 ? null : `${((cpu / seconds) * 3600).toFixed(1)} CPU-s/h`,
    `pid ${pid}`,
    `started ${span(seconds + later)} ago ${stops[last_stop] ?? ""}`,
  );
}

/** "12 s", "4 min", "3 h 20 min", "5 d 4 h". */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
