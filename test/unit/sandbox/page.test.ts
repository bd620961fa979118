import { createHash } from "node:crypto";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { page } from "../../../agent/sandbox/page.ts";

/** As much of a browser as the page's script asks for. */
function openPage(state: unknown) {
  const posted: [string, unknown][] = [];
  const make = (name: string) => ({
    name,
    textContent: "",
    children: [] as unknown[],
    onclick: () => undefined as unknown,
    append(...children: unknown[]) {
      this.children.push(...children);
    },
    replaceChildren(...children: unknown[]) {
      this.children = children;
    },
  });
  const byId = new Map<string, ReturnType<typeof make>>();
  const getElementById = (id: string) => {
    const found = byId.get(id) ?? make(id);
    byId.set(id, found);
    return found;
  };
  const looks: (() => unknown)[] = [];
  const fetch = async (path: string, sent?: { body: string }) => {
    if (sent) posted.push([path, JSON.parse(sent.body)]);
    if (state === null) throw new TypeError("fetch failed");
    return { json: async () => state };
  };
  const [, script = ""] = /<script>(.*)<\/script>/s.exec(page.html) ?? [];
  const document = { getElementById, createElement: make };
  runInNewContext(script, {
    ...{ document, fetch, Date, JSON, Object },
    setTimeout: (look: () => unknown) => looks.push(look),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { byId, looks, posted, settle };
}

const state = {
  counters: { requests: 2, repeats: 1, lostByFault: 3, answers: { "2.01": 2 } },
  faults: { outage: false, lossUp: 30, answerStyle: "separate" },
  devices: {
    "rpi-1": {
      name: "rpi-1",
      credentialsType: "ACCESS_TOKEN",
      observes: ["rpc"],
      attributes: { client: { "<i>": "6.12-rpi" }, shared: {} },
      telemetry: {
        ...{ samples: 1, points: 1, repeats: 0 },
        keys: { "<b>": { points: 1, latest: { ts: 0, type: "LONG", value: 4 } } },
      },
    },
  },
};

test("the page shows the counters, the faults in force, the latest values and the attributes, as text", async () => {
  const { byId, looks, settle } = openPage(state);
  await settle();
  expect(byId.get("counters")?.textContent).toBe(
    "2 requests, 1 repeats, 3 datagrams lost by a fault, answers 2.01: 2",
  );
  expect(byId.get("faults")?.textContent).toBe("lossUp 30");
  const shown = JSON.stringify(byId.get("devices")?.children);
  const device = ["rpi-1", '"textContent":"<b>"', '"textContent":4', "observes rpc"];
  for (const text of [...device, '"textContent":"<i>"', '"textContent":"6.12-rpi"']) {
    expect(shown).toContain(text);
  }
  expect(looks).toHaveLength(1);
});

test("a button of the page sets a fault", async () => {
  const { byId, posted, settle } = openPage(state);
  await settle();
  byId.get("loss")?.onclick();
  expect(posted).toEqual([["/faults", { lossUp: 30, lossDown: 30 }]]);
});

test("the page says so when the sandbox has gone, and looks no more", async () => {
  const { byId, looks, settle } = openPage(null);
  await settle();
  expect(byId.get("counters")?.textContent).toBe("the sandbox has stopped");
  expect(looks).toHaveLength(0);
});

test("the page may run its own script and style and nothing else", () => {
  const hash = (tag: string) => {
    const [, text = ""] = new RegExp(`<${tag}>(.*)</${tag}>`, "s").exec(page.html) ?? [];
    return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  };
  const policy = page.headers["content-security-policy"];
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain(`script-src ${hash("script")}`);
  expect(policy).toContain(`style-src ${hash("style")}`);
  expect(page.html).not.toMatch(/innerHTML|https?:\/\/| on\w+="/);
});
