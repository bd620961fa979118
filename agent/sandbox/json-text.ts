import type { Json } from "../ports.ts";
import { isTooDeep, MOST_LEVELS } from "./json-depth.ts";

/** A number keeps its text: ThingsBoard types 3 and 3.0 differently, and counts the decimals as written. */
export interface JsonNumber {
  readonly number: string;
}
export type JsonObject = ReadonlyMap<string, JsonNode>;
export type JsonNode = null | boolean | string | JsonNumber | readonly JsonNode[] | JsonObject;

export const isObject = (node: JsonNode | undefined): node is JsonObject => node instanceof Map;
export const isNumber = (node: JsonNode | undefined): node is JsonNumber =>
  typeof node === "object" && node !== null && "number" in node;

/** @throws SyntaxError; also beyond 200 levels, so that what reads the nodes may recurse */
export function parseJson(text: string): JsonNode {
  const keepText = (
    _key: string,
    value: unknown,
    context?: { readonly source?: string },
  ): unknown => {
    if (typeof value === "number") return { number: context?.source ?? String(value) };
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    return new Map(Object.entries(value));
  };
  if (isTooDeep(text)) throw new SyntaxError(`nested deeper than ${MOST_LEVELS} levels`);
  return JSON.parse(text, keepText);
}

/** The same document again, numbers as they were written. */
export function jsonText(node: JsonNode): string {
  if (isNumber(node)) return node.number;
  if (isObject(node)) {
    const members = [...node].map(([key, value]) => `${JSON.stringify(key)}:${jsonText(value)}`);
    return `{${members.join(",")}}`;
  }
  if (typeof node === "object" && node !== null) return `[${node.map(jsonText).join(",")}]`;
  return JSON.stringify(node);
}

/** The value of a text that holds a JSON object; null for any other text. */
export function parseJsonObject(text: string): Readonly<Record<string, Json>> | null {
  try {
    const root = parseJson(text);
    return isObject(root) ? JSON.parse(jsonText(root)) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
