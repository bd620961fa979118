import { isObject, parseJson } from "./json-text.ts";
import { type TypedValue, typedValue, ValueError } from "./typed-value.ts";

export type AttributeMap = Map<string, TypedValue>;

/** Client attributes posted by a device: one object, or null for what ThingsBoard refuses as 4.00. */
export function parseAttributes(text: string, typeCast: boolean): AttributeMap | null {
  try {
    const root = parseJson(text);
    if (!isObject(root)) return null;
    const attributes: AttributeMap = new Map();
    for (const [key, node] of root) {
      const value = typedValue(node, typeCast);
      if (value) attributes.set(key, value);
    }
    return attributes;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ValueError) return null;
    throw error;
  }
}

export interface AttributeQuery {
  /** Null: this scope was not asked for. */
  readonly client: readonly string[] | "all" | null;
  readonly shared: readonly string[] | "all" | null;
}

/** "clientKeys=a,b" and "sharedKeys=c"; without a usable one everything is meant. */
export function parseAttributeQuery(query: readonly string[]): AttributeQuery {
  const keysOf = (name: string): readonly string[] | null => {
    for (const option of query) {
      const parts = option.split("=");
      if (parts.length !== 2 || parts[0] !== name) continue;
      const keys = (parts[1] ?? "").split(",").filter((key) => key !== "");
      if (keys.length > 0) return keys;
    }
    return null;
  };
  const client = keysOf("clientKeys");
  const shared = keysOf("sharedKeys");
  return client === null && shared === null ? { client: "all", shared: "all" } : { client, shared };
}

/** `{"client":{…},"shared":{…}}` without empty scopes; null when nothing was found. */
export function readAttributes(
  query: AttributeQuery,
  client: AttributeMap,
  shared: AttributeMap,
): string | null {
  const scopes = [
    ["client", pick(query.client, client)],
    ["shared", pick(query.shared, shared)],
  ] as const;
  const filled = scopes.filter(([, found]) => found.size > 0);
  if (filled.length === 0) return null;
  return `{${filled.map(([scope, found]) => `"${scope}":${attributesText(found)}`).join(",")}}`;
}

function pick(keys: AttributeQuery["client"], from: AttributeMap): AttributeMap {
  if (keys === "all") return from;
  return new Map([...from].filter(([key]) => keys?.includes(key)));
}

export const attributesText = (attributes: ReadonlyMap<string, TypedValue>): string =>
  `{${[...attributes].map(([key, { text }]) => `${JSON.stringify(key)}:${text}`).join(",")}}`;
