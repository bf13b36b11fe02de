import type { RecordView } from "../backend/generated/api";
import { textOf } from "../lib/values";
import type { DocumentModel } from "../state/model.svelte";

export type Grouping = "nested" | "kind" | "owner" | "none";

/** A row of the list of elements: an element, or what several have in common. */
export type Row =
  | { type: "element"; id: string; record: RecordView; depth: number; open: boolean | null }
  | { type: "group"; id: string; label: string; count: number; open: boolean };

export interface Listing {
  grouping: Grouping;
  /** What the names, kinds, tags, owners or states must hold. */
  words: readonly string[];
  collapsed: ReadonlySet<string>;
}

/** The words of a filter. */
export function wordsOf(filter: string): string[] {
  return filter.toLowerCase().split(/\s+/).filter(Boolean);
}

/** The rows of all elements that fit. */
export function elementRows(model: DocumentModel, listing: Listing): Row[] {
  return listing.grouping === "nested" ? nestedRows(model, listing) : groupedRows(model, listing);
}

/** Elements that fit, each below what it is nested in; whatever is above a fitting one stays. */
function nestedRows(model: DocumentModel, { words, collapsed }: Listing): Row[] {
  const wanted = words.length > 0 ? withAncestors(model, words) : null;
  const rows: Row[] = [];
  const add = (records: readonly RecordView[], depth: number) => {
    for (const record of records) {
      if (wanted && !wanted.has(record.id)) continue;
      const children = model.children(record.id);
      // While one filters, everything that fits is shown.
      const open = children.length === 0 ? null : wanted !== null || !collapsed.has(record.id);
      rows.push({ type: "element", id: record.id, record, depth, open });
      if (open) add(children, depth + 1);
    }
  };
  add(model.roots("elements"), 0);
  return rows;
}

function withAncestors(model: DocumentModel, words: readonly string[]): Set<string> {
  const wanted = new Set<string>();
  for (const element of model.list("elements")) {
    if (!model.matchesElement(element, words)) continue;
    for (let at: RecordView | null = element; at && !wanted.has(at.id); at = model.get(at.parent)) wanted.add(at.id);
  }
  return wanted;
}

function groupedRows(model: DocumentModel, { grouping, words, collapsed }: Listing): Row[] {
  const fitting = model.list("elements").filter((element) => model.matchesElement(element, words));
  const row = (record: RecordView): Row => ({ type: "element", id: record.id, record, depth: 0, open: null });
  if (grouping === "none") return fitting.map(row);
  const groups = new Map<string, RecordView[]>();
  for (const element of fitting) {
    const key = textOf(element, grouping);
    const list = groups.get(key);
    if (list) list.push(element);
    else groups.set(key, [element]);
  }
  const label = (key: string) => (grouping === "kind" ? (model.schema?.choice("elements", "kind", key) ?? key) : key || "No owner");
  return [...groups]
    .sort(([a], [b]) => (a === "" ? 1 : b === "" ? -1 : label(a).localeCompare(label(b))))
    .flatMap(([key, list]): Row[] => {
      const id = `group:${key}`;
      const open = !collapsed.has(id);
      return [{ type: "group", id, label: label(key), count: list.length, open }, ...(open ? list.map(row) : [])];
    });
}
