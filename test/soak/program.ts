import { connect } from "node:net";

/** A program of the user's: a reading with a number of its own every second, over the publish socket. */
export interface NumberedReadings {
  /** Those that the agent has taken, and so has on the disk. */
  readonly accepted: ReadonlySet<number>;
  stop(): void;
}

const EVERY_MS = 1_000;

/** `fail` is told where the agent breaks off the conversation, or refuses a reading. */
export function handInNumbers(path: string, fail: (error: Error) => void): NumberedReadings {
  const accepted = new Set<number>();
  const underWay: number[] = [];
  let n = 0;
  let rest = "";
  const socket = connect(path).setEncoding("utf8");
  const timer = setInterval(() => {
    underWay.push(++n);
    socket.write(`${JSON.stringify({ readings: { n } })}\n`);
  }, EVERY_MS);
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const number = underWay.shift();
      if (number === undefined || line !== '{"ok":true}') fail(new Error(`${number}: ${line}`));
      else accepted.add(number);
    }
  });
  socket.on("error", fail);
  return {
    accepted,
    stop() {
      clearInterval(timer);
      socket.destroy();
    },
  };
}
