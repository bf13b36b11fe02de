import type { FieldInfo, Value } from "../backend/generated/api";
import { keepReferences, renderReferences, withoutReferenceMarks, type Reference } from "../lib/reference";
import type { DocumentModel } from "./model.svelte";

const UNKNOWN = "(?)";

/** What a reference shows, in the same words as the core. */
export function showReference(model: DocumentModel, reference: Reference): string {
  return plainText(model, showField(model, reference));
}

/** A value as people read it: with names where it mentions records. */
export function plainText(model: DocumentModel, text: string): string {
  return renderReferences(text, (mention) => mentionedName(model, mention)).text;
}

/** A value that was changed as people read it, with its mentions. */
export function withMentions(model: DocumentModel, source: string, text: string): string {
  return keepReferences(source, text, (mention) => mentionedName(model, mention));
}

/** A name and nothing else, so that values cannot show each other without end. */
function mentionedName(model: DocumentModel, mention: Reference): string {
  const record = model.get(mention.id);
  const name = record && model.schema?.collection(record.collection).label === mention.field ? record.fields[mention.field] : null;
  return typeof name === "string" ? withoutReferenceMarks(name) : UNKNOWN;
}

function showField(model: DocumentModel, reference: Reference): string {
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
  if (hint.startsWith("#") && Array.isArray(value)) return counted(value.map((item) => itemText(model, field, item)), rest);
  if (hint.startsWith("&") && Array.isArray(value)) return ordered(value, rest).map((item) => itemText(model, field, item)).join(rest.slice(rest.indexOf(";") + 1));
  if (hint.startsWith("-") && typeof value === "object") return Object.entries(value).map(([name, text]) => `${model.get(name)?.label ?? name} = ${text}`).join(`\n${rest}`);
  if (hint.startsWith(">") && typeof value === "string") return value.split("\n").map((line, index) => (index > 0 && line !== "" ? rest + line : line)).join("\n");
  const plain = valueText(model, field, value);
  // A spelling counts as long as it says the same.
  if (hint.startsWith("~") && rest.toLowerCase().trim() === plain.toLowerCase().trim()) return rest;
  return plain;
}

/** Items, each but the first after its number; the prefix is that of the second. */
function counted(items: string[], prefix: string): string {
  const digits = /\d+/.exec(prefix);
  const [before, after] = digits ? [prefix.slice(0, digits.index), prefix.slice(digits.index + digits[0].length)] : [prefix, ""];
  const second = digits ? Number(digits[0]) : 2;
  return items.map((item, index) => (index === 0 ? item : `${before}${second + index - 1}${after}${item}`)).join("\n");
}

/** Ids in the order in which they were written; those that came in since last. */
function ordered(items: readonly string[], hint: string): string[] {
  const written = hint.slice(0, Math.max(0, hint.indexOf(";"))).split(",");
  return [...written.filter((id) => items.includes(id)), ...items.filter((id) => !written.includes(id))];
}

function itemText(model: DocumentModel, field: FieldInfo, item: string): string {
  if (field.shape === "choice") return field.choices.find((choice) => choice.value === item)?.title ?? item;
  return field.shape === "ref" || field.shape === "refs" || field.shape === "targets" ? model.label(item) : item;
}

/** A value as text, as Markdown shows it. */
export function valueText(model: DocumentModel, field: FieldInfo, value: Value | null | undefined): string {
  return value === null || value === undefined ? "" : plainText(model, format(model, field, value));
}

function format(model: DocumentModel, field: FieldInfo, value: Value): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return itemText(model, field, value);
  if (Array.isArray(value)) return field.shape === "list" ? value.join("\n") : value.map((item) => itemText(model, field, item)).join(", ");
  return Object.entries(value).map(([name, text]) => `${name} = ${text}`).join("\n");
}
