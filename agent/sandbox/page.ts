import { createHash } from "node:crypto";

const style = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem;
  background: Canvas; color: CanvasText; color-scheme: light dark }
h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8884 }
td.number { text-align: right; font-variant-numeric: tabular-nums }
.quiet { opacity: .65 } .alarm { color: #c33 }
button { font: inherit; margin: .2rem .4rem .2rem 0 }`;

/** Values come from devices: they are set as text, never as markup. */
const script = `
const at = (id) => document.getElementById(id);
const element = (name, text, className = "") =>
  Object.assign(document.createElement(name), { textContent: text, className });
const row = (...cells) => {
  const line = document.createElement("tr");
  line.append(...cells);
  return line;
};
const post = (path, body) => fetch(path, {
  method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

function show(state) {
  const { counters, faults, devices } = state;
  at("counters").textContent = counters.requests + " requests, " + counters.repeats + " repeats, " +
    counters.lostByFault + " datagrams lost by a fault, answers " +
    Object.entries(counters.answers).map(([code, count]) => code + ": " + count).join(", ");
  const inForce = Object.entries(faults).filter(([, value]) => value && value !== "separate");
  at("faults").textContent = inForce.length === 0 ? "no fault in force"
    : inForce.map(([name, value]) => name + " " + value).join(", ");
  at("faults").className = inForce.length === 0 ? "quiet" : "alarm";
  at("devices").replaceChildren(...Object.values(devices).flatMap(section));
}

function section(device) {
  const { samples, points, repeats, keys } = device.telemetry;
  const table = document.createElement("table");
  table.append(...Object.entries(keys).map(([key, { points: count, latest }]) => row(
    element("td", key),
    element("td", typeof latest.value === "object" ? JSON.stringify(latest.value) : latest.value),
    element("td", latest.type, "quiet"),
    element("td", new Date(latest.ts).toLocaleTimeString(), "quiet"),
    element("td", count, "number"))));
  const attributes = document.createElement("table");
  attributes.append(...Object.entries(device.attributes.client).map(([name, value]) => row(
    element("td", name),
    element("td", typeof value === "object" ? JSON.stringify(value) : value))));
  const revoke = element("button", "Revoke");
  revoke.onclick = () => post("/revoke", { device: device.name });
  const state = device.credentialsType === null ? "revoked, " : "";
  return [
    element("h2", device.name),
    element("p", state + samples + " samples, " + points + " values, " + repeats + " repeats; observes " +
      (device.observes.join(" and ") || "nothing"), "quiet"),
    table,
    element("p", "client attributes", "quiet"), attributes, revoke];
}

at("outage").onclick = () => post("/outage", { ms: 20000 });
at("loss").onclick = () => post("/faults", { lossUp: 30, lossDown: 30 });
at("calm").onclick = () => post("/faults", { lossUp: 0, lossDown: 0, outage: false });
at("restart").onclick = () => post("/restart", {});

async function look() {
  try {
    show(await (await fetch("/state")).json());
  } catch {
    at("counters").textContent = "the sandbox has stopped";
    return;
  }
  setTimeout(look, 1000);
}
look();`;

const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** One page without any outside resource: what the sandbox knows, looked at every second. */
export const page = {
  headers: {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": [
      "default-src 'none'",
      "connect-src 'self'",
      `script-src ${hashOf(script)}`,
      `style-src ${hashOf(style)}`,
      "frame-ancestors 'none'",
    ].join("; "),
  },
  html: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Pipit sandbox</title>
<style>${style}</style>
<h1>Pipit sandbox</h1>
<p id="counters">…</p>
<p id="faults" class="quiet"></p>
<p>
  <button id="outage">20 s outage</button><button id="loss">30 % loss</button>
  <button id="calm">No faults</button><button id="restart">Restart the server</button>
</p>
<div id="devices"></div>
<script>${script}</script>
</html>
`,
};
