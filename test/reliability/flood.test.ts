import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { nodeFlags } from "../../build/node-flags.ts";
import { pipit } from "../support/pipit-process.ts";
import { site } from "../support/site.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { proof } from "./proof.ts";

const VALUES_PER_S = 10_000;
const KEYS = 100;
const SENDERS = 4;
const MOST_GROWN_BYTES = 20e6;

const anonymousBytes = (pid: number): number => {
  const [, kib] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1_024;
};

const messageOf = (n: number): string => {
  const readings: Record<string, number> = { n };
  for (let key = 1; key < KEYS; key++) readings[`k${key}`] = n + key / 8;
  return `${JSON.stringify({ readings })}\n`;
};

/** Counts what the agent answers to each message of one connection; answers come in the order of the messages. */
async function sender(path: string) {
  const socket = connect(path).setEncoding("utf8");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  const unanswered: number[] = [];
  const accepted: number[] = [];
  const refused: number[] = [];
  const answered = Promise.withResolvers<void>();
  let ending = false;
  let rest = "";
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const n = unanswered.shift() ?? expect.fail(`an answer to nothing: ${line}`);
      if (line === '{"ok":true}') accepted.push(n);
      else if (line.includes("too many messages")) refused.push(n);
      else expect.fail(line);
    }
    if (ending && unanswered.length === 0) answered.resolve();
  });
  // Closed early, it stays without its answers, and the counts below do not agree.
  socket.once("close", () => answered.resolve());
  return {
    accepted,
    refused,
    send(n: number) {
      unanswered.push(n);
      socket.write(messageOf(n));
    },
    async end() {
      ending = true;
      if (unanswered.length > 0) await answered.promise;
    },
  };
}

/** A loop gone wild: writes what it can, and reads no answer. */
async function deafSender(path: string) {
  const socket = connect(path).pause();
  onTestFinished(() => void socket.destroy());
  // The agent hangs up on it after 30 s.
  socket.on("error", () => {});
  await once(socket, "connect");
  const nonsense = '{"readings":[]}\n'.repeat(4_096);
  const pour = () => {
    while (!socket.destroyed && socket.write(nonsense));
  };
  socket.on("drain", pour);
  pour();
}

proof(
  30,
  "a flood of readings is limited, and every one of them accounted for",
  async ({ count }) => {
    const seconds = count(600) / 10;
    const { server, until, count: seen, args } = await site({ keepPoints: 100_000 });
    const folder = temporaryFolder();
    const path = join(folder, "publish.sock");
    const agent = pipit(["run", ...args], { env: { RUNTIME_DIRECTORY: folder }, nodeFlags });
    await until(() => seen("telemetry") >= 5);
    expect(existsSync(path)).toBe(true);
    const pid = agent.child.pid ?? expect.fail("no process");
    const before = anonymousBytes(pid);
    let most = before;

    const senders = await Promise.all(Array.from({ length: SENDERS }, () => sender(path)));
    await deafSender(path);
    const tickMs = (1_000 * KEYS) / VALUES_PER_S;
    const messages = (seconds * 1_000) / tickMs;
    // Real time: the rate is the point.
    const startMs = performance.now();
    let sent = 0;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const due = Math.min(messages, Math.floor((performance.now() - startMs) / tickMs));
        while (sent < due) {
          senders[sent % SENDERS]?.send(sent);
          sent++;
        }
        most = Math.max(most, anonymousBytes(pid));
        if (sent < messages) return;
        clearInterval(timer);
        resolve();
      }, tickMs);
    });
    await Promise.all(senders.map((each) => each.end()));
    const accepted = senders.flatMap((each) => each.accepted);
    const refused = senders.flatMap((each) => each.refused);
    expect(accepted.length + refused.length).toBe(messages);

    const stored = () => server.state().devices["board-1"]?.telemetry.keys ?? {};
    await until(() => (stored()["n"]?.points ?? 0) >= accepted.length);
    agent.child.kill("SIGTERM");
    expect(await agent.ended).toBe(0);
    const keys = stored();
    const valuesOf = (key: string) => (keys[key]?.recent ?? []).map(({ value }) => Number(value));
    const wanted = accepted.toSorted((a, b) => a - b);
    expect(valuesOf("n").sort((a, b) => a - b)).toEqual(wanted);
    for (let key = 1; key < KEYS; key++) expect(valuesOf(`k${key}`)).toHaveLength(wanted.length);
    expect(most - before).toBeLessThan(MOST_GROWN_BYTES);
    const values = (list: readonly number[]) => list.length * KEYS;
    const megabytes = ((most - before) / 1e6).toFixed(1);
    return `${sent * KEYS} values in ${seconds} s, ${values(accepted)} accepted and delivered, ${values(refused)} refused, RssAnon ${megabytes} MB more`;
  },
);
