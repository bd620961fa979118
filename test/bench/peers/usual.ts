/**
 * usual HOST PORT TOKEN INTERVAL_MS: how it is usually written for Node, with the packages coap and systeminformation.
 */
import { request } from "coap";
import si from "systeminformation";

const [host = "", port = "", token = "", intervalMs = ""] = process.argv.slice(2);

async function report(): Promise<void> {
  const [load, memory, disks, networks, temperature] = await Promise.all([
    si.currentLoad(),
    si.mem(),
    si.fsSize(),
    si.networkStats(),
    si.cpuTemperature(),
  ]);
  const [disk] = disks;
  const [network] = networks;
  const values = {
    cpuUsage: load.currentLoad,
    load1: load.avgLoad,
    memoryUsage: 100 * (1 - memory.available / memory.total),
    memoryAvailableMb: memory.available / 1024 / 1024,
    diskUsage: disk?.use,
    diskFreeGb: (disk?.available ?? 0) / 1e9,
    rxBytes: network?.rx_bytes,
    txBytes: network?.tx_bytes,
    cpuTemperature: temperature.main,
    uptime: si.time().uptime,
  };
  const pathname = `/api/v1/${token}/telemetry`;
  const post = request({ host, port: Number(port), method: "POST", pathname, confirmable: true });
  post.on("error", () => {});
  post.end(JSON.stringify({ ts: Date.now(), values }));
}

void report();
setInterval(() => void report(), Number(intervalMs));
