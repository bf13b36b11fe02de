import type { Value } from "../backend/generated/api";

/** The part of a record that holds its values. */
export interface Fielded {
  fields: { [name in string]?: Value };
}

/** A line, text, choice, date or reference; "" when there is none. */
export function textOf(record: Fielded | null | undefined, field: string): string {
  const value = record?.fields[field];
  return typeof value === "string" ? value : "";
}

/** The items of a list or set. */
export function listOf(record: Fielded | null | undefined, field: string): readonly string[] {
  const value = record?.fields[field];
  return Array.isArray(value) ? value : [];
}

/** Names with values. */
export function mapOf(record: Fielded | null | undefined, field: string): Readonly<Record<string, string>> {
  const value = record?.fields[field];
  return typeof value === "object" && !Array.isArray(value) ? value : {};
}

export function isEmptyValue(value: Value | null | undefined): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === "number") return false;
  if (typeof value === "string") return value.trim() === "";
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}

function sorted(value: Value): unknown {
  return typeof value === "object" && !Array.isArray(value) ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) : value;
}

/** Whether two values say the same; nothing and an empty value do. */
export function sameValue(a: Value | null | undefined, b: Value | null | undefined): boolean {
  if (isEmptyValue(a) || isEmptyValue(b)) return isEmptyValue(a) && isEmptyValue(b);
  return JSON.stringify(sorted(a!)) === JSON.stringify(sorted(b!));
}
