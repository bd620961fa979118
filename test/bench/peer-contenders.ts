import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Contender, onNode, type Start, startProgram } from "./contenders.ts";
import { PYTHON, pythonPackages } from "./tools.ts";

/** What a contender has delivered so far. */
export interface Delivered {
  readonly reports: number;
  readonly bytes: number;
}

export interface Peer extends AsyncDisposable {
  readonly contender: Contender;
  delivered(): Delivered;
}

const here = (name: string) => join(import.meta.dirname, "peers", name);

/** Of Debian's libcoap3-bin: the one that does not load a TLS library. */
const COAP_CLIENT = "coap-client-notls";
const COLLECTD = "collectd";
const EXPORTER = "prometheus-node-exporter";

const python =
  (file: string) =>
  ({ host = "127.0.0.1", port, token, intervalMs }: Start): Contender =>
    startProgram(
      [PYTHON, "-B", here(file), host, ...[port, token, intervalMs].map(String)],
      pythonPackages,
    );

export const startPython = python("loop.py");
export const startCoapthon = python("usual.py");
export const startAiocoap = python("aio.py");

export const startShell = ({ host = "127.0.0.1", port, token, intervalMs }: Start): Contender =>
  startProgram([
    ...["/bin/bash", here("loop.sh"), COAP_CLIENT, host],
    ...[port, token, intervalMs / 1_000].map(String),
  ]);

export const startUsual = ({ host = "127.0.0.1", port, token, intervalMs }: Start): Contender =>
  startProgram(onNode("peers/usual.ts", host, ...[port, token, intervalMs].map(String)));

/** Debian's collectd with the plug-ins for the same readings, which sends them over UDP and hears nothing back. */
export async function startCollectd(folder: string, intervalMs: number): Promise<Peer> {
  const sink = createSocket("udp4");
  let [reports, bytes] = [0, 0];
  let lastMs = Number.NEGATIVE_INFINITY;
  sink.on("message", (datagram) => {
    const nowMs = performance.now();
    // What belongs together comes in several datagrams.
    if (nowMs - lastMs > intervalMs / 2) reports++;
    lastMs = nowMs;
    bytes += datagram.length;
  });
  sink.bind(0, "127.0.0.1");
  await once(sink, "listening");
  const own = join(folder, "collectd");
  mkdirSync(own, { recursive: true });
  const config = join(own, "collectd.conf");
  const plugins = ["cpu", "load", "memory", "swap", "df", "interface", "uptime", "thermal"];
  writeFileSync(
    config,
    [
      `Hostname "board"`,
      `FQDNLookup false`,
      `BaseDir "${own}"`,
      `PIDFile "${own}/pid"`,
      `Interval ${intervalMs / 1_000}`,
      ...plugins.map((plugin) => `LoadPlugin ${plugin}`),
      `<Plugin df>\n  MountPoint "/"\n</Plugin>`,
      `<Plugin cpu>\n  ReportByCpu false\n  ValuesPercentage true\n</Plugin>`,
      // It sends a buffer that is full, so that the last readings of an interval go with the next one.
      `LoadPlugin network\n<Plugin network>\n  Server "127.0.0.1" "${sink.address().port}"\n</Plugin>`,
      "",
    ].join("\n"),
  );
  const contender = startProgram([COLLECTD, "-f", "-C", config]);
  return {
    contender,
    delivered: () => ({ reports, bytes }),
    async [Symbol.asyncDispose]() {
      await contender[Symbol.asyncDispose]();
      sink.close();
    },
  };
}

/** Debian's node exporter with the collectors for the same readings, asked by this process as Prometheus would. */
export async function startExporter(intervalMs: number): Promise<Peer> {
  const port = await freePort();
  const collectors = ["cpu", "loadavg", "meminfo", "filesystem", "netdev", "stat", "thermal_zone"];
  const contender = startProgram([
    EXPORTER,
    `--web.listen-address=127.0.0.1:${port}`,
    "--collector.disable-defaults",
    ...collectors.map((collector) => `--collector.${collector}`),
  ]);
  let [reports, bytes] = [0, 0];
  const scrape = () => {
    const asking = get({ host: "127.0.0.1", port, path: "/metrics" }, (answer) => {
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on("end", () => {
        if (answer.statusCode === 200) reports++;
      });
    });
    asking.on("error", () => {}); // it is missing among the reports
  };
  const timer = setInterval(scrape, intervalMs);
  return {
    contender,
    delivered: () => ({ reports, bytes }),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await contender[Symbol.asyncDispose]();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : Number.NaN;
}
