import type { Host } from "../../agent/ports.ts";
import { fixtureDisk } from "../fixtures/disk.ts";
import type { Node, Tree } from "../fixtures/tree.ts";

const DEFAULT_LIMIT_BYTES = 16 * 1024;
/** As the kernel (path_resolution(7)). */
const MOST_LINKS = 40;

/** Files whose content is made when they are read: a board that lives. */
export type LivingFiles = Readonly<Record<string, () => string>>;

/** A fixture as the machine, without a file system under it: reads answer within one turn, so time can be virtual. */
export function memoryHost(tree: Tree, living: LivingFiles = {}): Host {
  const nodes = new Map<string, Node>([["/", { folder: true }]]);
  const names = new Map<string, Set<string>>();
  for (const [path, node] of Object.entries(tree)) place(path, node);

  function place(path: string, node: Node): void {
    nodes.set(path, node);
    const cut = path.lastIndexOf("/");
    const parent = path.slice(0, cut) || "/";
    if (!nodes.has(parent)) place(parent, { folder: true });
    const siblings = names.get(parent) ?? new Set();
    names.set(parent, siblings.add(path.slice(cut + 1)));
  }

  /** The path without links and dots, and what stands there. */
  const locate = (path: string): { readonly real: string; readonly node: Node } => {
    const resolved: string[] = [];
    const waiting = path.split("/").reverse();
    let links = 0;
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        resolved.pop();
        continue;
      }
      const parent = nodes.get(`/${resolved.join("/")}`);
      if (parent !== undefined && !isFolder(parent)) throw coded("ENOTDIR", path);
      resolved.push(part);
      const node = nodes.get(`/${resolved.join("/")}`);
      if (node === undefined || !isLink(node)) continue;
      if (++links > MOST_LINKS) throw coded("ELOOP", path);
      if (node.link.startsWith("/")) resolved.length = 0;
      else resolved.pop();
      waiting.push(...node.link.split("/").reverse());
    }
    const real = `/${resolved.join("/")}`;
    const node = nodes.get(real);
    if (node === undefined) throw coded("ENOENT", path);
    return { real, node };
  };
  /** Found once: links do not change. */
  const located = new Map<string, { readonly real: string; readonly node: Node }>();
  const at = (path: string) => {
    const known = located.get(path);
    if (known !== undefined) return known;
    const found = locate(path);
    located.set(path, found);
    return found;
  };

  return {
    async readFile(path, limitBytes = DEFAULT_LIMIT_BYTES) {
      const { real, node } = at(path);
      const made = living[real];
      if (made !== undefined) return made().slice(0, limitBytes);
      if (typeof node === "string") return node.slice(0, limitBytes);
      if (node instanceof Uint8Array)
        return Buffer.from(node.subarray(0, limitBytes)).toString("utf8");
      if (isFolder(node)) throw coded("EISDIR", path);
      return ""; // a FIFO that nobody writes to
    },
    async readDir(path) {
      const { real, node } = at(path);
      if (!isFolder(node)) throw coded("ENOTDIR", path);
      return [...(names.get(real) ?? [])].sort();
    },
    realPath: async (path) => at(path).real,
    async statfs(path) {
      at(path);
      return fixtureDisk;
    },
  };
}

const isFolder = (node: Node) =>
  typeof node === "object" && !(node instanceof Uint8Array) && "folder" in node;
const isLink = (node: Node): node is { readonly link: string } =>
  typeof node === "object" && !(node instanceof Uint8Array) && "link" in node;

const coded = (code: string, path: string) =>
  Object.assign(new Error(`${code}: in memory, '${path}'`), { code });
