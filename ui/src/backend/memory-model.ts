import { randomHex } from "../lib/random";
import { problem } from "./backend";
import schemaFile from "./generated/schema.json";
import type { CollectionInfo, Edit, FieldInfo, ModelSchema, RecordView, Value } from "./generated/api";

/** Records that one command may delete without being asked for it again. */
const DELETE_UNASKED = 10;
/** Keys in the order of records have this many digits. */
const ORDER_DIGITS = 24;

export const memorySchema = schemaFile as ModelSchema;
const collections = new Map(memorySchema.collections.map((collection) => [collection.name, collection]));

interface Stored {
  id: string;
  collection: string;
  deleted: boolean;
  order: number;
  fields: Record<string, Value>;
  conflicts: Record<string, Value[]>;
}

/** What edits made, and which records look different since. */
export interface ModelChange {
  added: string[];
  undo: Edit[];
  summary: string;
  changed: RecordView[];
}

function slugOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "unnamed";
}

function isEmpty(value: Value | null | undefined): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === "number") return false;
  if (typeof value === "string") return value.trim() === "";
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}

/** The records of a document held in memory, with the behaviour that the interface relies on. */
export class MemoryModel {
  private readonly records = new Map<string, Stored>();
  /** Numbers of decisions given by the edits at hand. */
  private given = 0;

  views(): RecordView[] {
    return [...this.records.values()].sort((a, b) => a.order - b.order).map((record) => this.view(record));
  }

  find(id: string): RecordView | null {
    const record = this.records.get(id);
    return record ? this.view(record) : null;
  }

  /** A value that someone else set at the same time. */
  conflict(id: string, field: string, value: Value): RecordView {
    const record = this.known(id);
    record.conflicts = { ...record.conflicts, [field]: [value] };
    return this.view(record);
  }

  apply(edits: Edit[], confirm: boolean): ModelChange {
    this.given = 0;
    const all = this.cascade(edits.map((edit) => this.check(edit)));
    const going = all.filter((edit) => edit.do === "delete").flatMap((edit) => ("id" in edit && edit.id ? this.within(edit.id) : []));
    if (going.length > DELETE_UNASKED && !confirm) {
      throw problem("confirm", `This deletes ${going.length} records.`, "Confirm it to go on; the trash keeps them.");
    }
    const before = new Map(this.views().map((view) => [view.id, JSON.stringify(view)]));
    const summary = this.describe(all);
    const added: string[] = [];
    const undo: Edit[] = [];
    for (const edit of all) {
      undo.unshift(this.invert(edit));
      this.carryOut(edit);
      if (edit.do === "add" && edit.id) added.push(edit.id);
    }
    const changed = this.views().filter((view) => before.get(view.id) !== JSON.stringify(view));
    return { added, undo, summary, changed };
  }

  private known(id: string): Stored {
    const record = this.records.get(id);
    if (!record) throw problem("not-found", `There is no record ${id}.`, "Open the document again.");
    return record;
  }

  private table(name: string): CollectionInfo {
    const found = collections.get(name);
    if (!found) throw problem("not-found", `There is no collection “${name}”.`, "Take one of the schema's.");
    return found;
  }

  private field(table: CollectionInfo, name: string): FieldInfo {
    const found = table.fields.find((field) => field.name === name);
    if (!found) throw problem("not-found", `A ${table.singular} has no field “${name}”.`, `It has ${table.fields.map((field) => field.name).join(", ")}.`);
    if (found.derived) throw problem("bad-input", `${found.title} follow from relationships.`, "Add or delete relationships instead.");
    return found;
  }

  private check(edit: Edit): Edit {
    if (edit.do === "add") {
      const table = this.table(edit.collection);
      const fields: Record<string, Value> = {};
      for (const [name, value] of Object.entries(edit.fields)) if (!isEmpty(value)) fields[this.field(table, name).name] = value;
      if (edit.collection === "decisions" && !fields["number"]) fields["number"] = this.nextNumber();
      for (const field of table.fields) {
        if (field.required && isEmpty(fields[field.name])) {
          throw problem("bad-input", `A ${table.singular} needs a ${field.title.toLowerCase()}.`, `Give \`${field.name}\`.`);
        }
      }
      return { ...edit, id: edit.id ?? randomHex(8), fields };
    }
    const record = this.known(edit.id);
    if (edit.do !== "set") return edit;
    const table = this.table(record.collection);
    const field = this.field(table, edit.field);
    if (isEmpty(edit.value) && field.required) {
      throw problem("bad-input", `A ${table.singular} needs a ${field.title.toLowerCase()}.`, "Give another value, or delete the whole record.");
    }
    if (edit.field === "number") throw problem("bad-input", "A decision's number never changes.", "Supersede the decision by another one.");
    if (edit.field === table.nesting && typeof edit.value === "string" && this.within(edit.id).includes(edit.value)) {
      throw problem("bad-input", `${this.label(record)} cannot be moved into itself.`, "Choose a place outside of it.");
    }
    const sorted = Array.isArray(edit.value) && field.shape !== "list" ? [...new Set(edit.value)].sort() : edit.value;
    return { ...edit, value: isEmpty(sorted) ? null : sorted };
  }

  private nextNumber(): string {
    const numbers = [...this.records.values()].filter((record) => record.collection === "decisions").map((record) => Number.parseInt(String(record.fields["number"] ?? "0"), 10));
    return String(Math.max(0, ...numbers) + ++this.given);
  }

  /** Relationships go with their elements. */
  private cascade(edits: Edit[]): Edit[] {
    const gone = new Set(edits.flatMap((edit) => (edit.do === "delete" ? this.within(edit.id) : [])));
    if (gone.size === 0) return edits;
    const ends = [...this.records.values()].filter(
      (record) => record.collection === "relationships" && !record.deleted && !gone.has(record.id) && [record.fields["from"], record.fields["to"]].some((end) => gone.has(String(end))),
    );
    return [...edits, ...ends.map(({ id }): Edit => ({ do: "delete", id }))];
  }

  /** A record and everything that is nested in it or belongs to it. */
  private within(id: string): string[] {
    const inside = new Set([id]);
    for (let grown = 0; grown !== inside.size; ) {
      grown = inside.size;
      for (const record of this.records.values()) {
        if (!record.deleted && this.above(record).some((above) => inside.has(above))) inside.add(record.id);
      }
    }
    return [...inside];
  }

  private above(record: Stored): string[] {
    const table = this.table(record.collection);
    return [table.owner, table.nesting].flatMap((name) => (name && typeof record.fields[name] === "string" ? [record.fields[name]] : []));
  }

  private carryOut(edit: Edit): void {
    if (edit.do === "add") {
      const order = edit.after === null ? this.last(edit.collection) + 1 : this.between(edit.collection, edit.after);
      const id = edit.id ?? randomHex(8);
      this.records.set(id, { id, collection: edit.collection, deleted: false, order, fields: { ...edit.fields }, conflicts: {} });
      return;
    }
    const record = this.known(edit.id);
    if (edit.do === "set") {
      record.fields = { ...record.fields };
      if (edit.value === null) delete record.fields[edit.field];
      else record.fields[edit.field] = edit.value;
      record.conflicts = { ...record.conflicts };
      delete record.conflicts[edit.field];
    } else if (edit.do === "move") record.order = this.between(record.collection, edit.after, record.id);
    else record.deleted = edit.do !== "restore";
  }

  private ordered(collection: string, without = ""): Stored[] {
    return [...this.records.values()].filter((record) => record.collection === collection && record.id !== without).sort((a, b) => a.order - b.order);
  }

  private last(collection: string): number {
    return this.ordered(collection).at(-1)?.order ?? 0;
  }

  private between(collection: string, after: string | null, moved = ""): number {
    const list = this.ordered(collection, moved);
    const index = after === null ? -1 : list.findIndex((record) => record.id === after);
    const before = list[index]?.order ?? (list[0]?.order ?? 1) - 1;
    return (before + (list[index + 1]?.order ?? before + 2)) / 2;
  }

  private invert(edit: Edit): Edit {
    switch (edit.do) {
      case "add":
        return { do: "delete", id: edit.id ?? "" };
      case "set":
        return { do: "set", id: edit.id, field: edit.field, value: this.known(edit.id).fields[edit.field] ?? null };
      case "move": {
        const list = this.ordered(this.known(edit.id).collection);
        return { do: "move", id: edit.id, after: list[list.findIndex((record) => record.id === edit.id) - 1]?.id ?? null };
      }
      case "delete":
      case "deleteWith":
        return { do: "restore", id: edit.id };
      case "restore":
        return { do: "delete", id: edit.id };
    }
  }

  private describe(edits: Edit[]): string {
    const first = edits[0];
    if (!first) return "Changed nothing";
    const more = edits.length === 1 ? "" : edits.length === 2 ? " and made another change" : ` and made ${edits.length - 1} other changes`;
    if (first.do === "add") {
      const table = this.table(first.collection);
      const name = first.fields[table.label];
      return `Added the ${table.singular} ${typeof name === "string" ? name : ""}`.trim() + more;
    }
    const record = this.known(first.id);
    const table = this.table(record.collection);
    const named = `the ${table.singular} ${this.label(record)}`;
    if (first.do === "set") {
      const title = table.fields.find((field) => field.name === first.field)?.title.toLowerCase() ?? first.field;
      return `${first.value === null ? "Cleared" : "Set"} the ${title} of ${named}${more}`;
    }
    return `${{ move: "Moved", delete: "Deleted", deleteWith: "Deleted", restore: "Restored" }[first.do]} ${named}${more}`;
  }

  private label(record: Stored): string {
    const table = this.table(record.collection);
    const own = record.fields[table.label];
    if (record.collection === "instances" && typeof own === "string") return this.records.get(own) ? this.label(this.known(own)) : "(?)";
    for (const name of [table.label, "statement", "text", "description", "claim", "topic", "reason"]) {
      const value = record.fields[name];
      if (typeof value === "string" && value.trim() !== "") return value.split("\n")[0]!.trim().split(/\s+/).slice(0, 12).join(" ");
    }
    return `Unnamed ${table.singular}`;
  }

  private view(record: Stored): RecordView {
    const table = this.table(record.collection);
    const nested = table.nesting ? record.fields[table.nesting] : undefined;
    const parent = typeof nested === "string" && this.records.has(nested) ? nested : null;
    const owner = table.owner ? this.records.get(String(record.fields[table.owner])) : undefined;
    const slug = record.collection === "decisions" ? String(record.fields["number"]) : slugOf(this.label(record));
    const path = `${owner ? `${this.table(owner.collection).name}.${slugOf(this.label(owner))}.` : ""}${record.collection}.${slug}`;
    const order = record.order.toFixed(9).padStart(ORDER_DIGITS, "0");
    const { id, collection, deleted, fields, conflicts } = record;
    return { id, collection, path, label: this.label(record), parent, deleted, hidden: this.isHidden(record), order, fields: { ...fields }, conflicts: { ...conflicts } };
  }

  private isHidden(record: Stored, depth = 0): boolean {
    if (record.deleted) return true;
    return depth < 100 && this.above(record).some((id) => this.records.has(id) && this.isHidden(this.known(id), depth + 1));
  }
}
