import type { FieldInfo, Value } from "../backend/generated/api";
import type { Reference } from "../lib/reference";
import type { DocumentModel } from "./model.svelte";

const UNKNOWN = "(?)";

/** What a reference shows, in the same words as the core. */
export function showReference(model: DocumentModel, reference: Reference): string {
  const record = model.get(reference.id);
  const field = record && model.schema?.field(record.collection, reference.field);
  if (!record || !field) return UNKNOWN;
  const value = field.derived ? [...model.dependencies(record.id)] : record.fields[field.name];
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return model.schema?.collection(record.collection).label === field.name ? record.label : "";
  return spell(model, field, value, reference.hint);
}

function spell(model: DocumentModel, field: FieldInfo, value: Value, hint: string): string {
  const rest = hint.slice(1);
  if (hint.startsWith("-") && Array.isArray(value)) return value.map((item) => itemText(model, field, item)).join(`\n${rest}`);
  if (hint.startsWith(",") && Array.isArray(value)) return value.map((item) => itemText(model, field, item)).join(rest);
  if (hint.startsWith(">") && typeof value === "string") return value.split("\n").map((line, index) => (index > 0 && line !== "" ? rest + line : line)).join("\n");
  const plain = valueText(model, field, value);
  // A spelling counts as long as it says the same.
  if (hint.startsWith("~") && rest.toLowerCase().trim() === plain.toLowerCase().trim()) return rest;
  return plain;
}

function itemText(model: DocumentModel, field: FieldInfo, item: string): string {
  if (field.shape === "choice") return field.choices.find((choice) => choice.value === item)?.title ?? item;
  return field.shape === "ref" || field.shape === "refs" || field.shape === "targets" ? model.label(item) : item;
}

/** A value as text, as Markdown shows it. */
export function valueText(model: DocumentModel, field: FieldInfo, value: Value | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return itemText(model, field, value);
  if (Array.isArray(value)) return field.shape === "list" ? value.join("\n") : value.map((item) => itemText(model, field, item)).join(", ");
  return Object.entries(value).map(([name, text]) => `${name} = ${text}`).join("\n");
}
