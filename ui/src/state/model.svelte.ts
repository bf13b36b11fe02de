import { toProblem, type Backend, type Problem } from "../backend/backend";
import type { Applied, Edit, Event, RecordView, SectionBody, Value } from "../backend/generated/api";
import { plainTitle } from "../lib/plain-title";
import type { Reference } from "../lib/reference";
import { withoutChange } from "../lib/splices";
import { listOf, textOf } from "../lib/values";
import { Drafts } from "./drafts.svelte";
import { plainText, showReference, withMentions } from "./reference-text";
import { loadSchema, type Schema } from "./schema";
import type { Step } from "./undo.svelte";

/** A record that names another, and by which field. */
export interface Use {
  record: RecordView;
  field: string;
}

interface ChangeOptions {
  sections?: SectionBody[];
  summary?: string;
}

/** What the model asks of the app around it. */
export interface ModelHost {
  remember(step: Step): void;
  /** Asks whether to go on with what deletes much. */
  confirm(problem: Problem): Promise<boolean>;
  failed(thrown: unknown): void;
}

const byOrder = (a: RecordView, b: RecordView) => (a.order < b.order ? -1 : a.order > b.order ? 1 : a.id < b.id ? -1 : 1);
const NONE: readonly never[] = [];

/** The records of the open document, kept current by events. */
export class DocumentModel {
  schema = $state.raw<Schema | null>(null);
  /** Every record by its id, those in the trash included. */
  records = $state.raw<ReadonlyMap<string, RecordView>>(new Map());
  loaded = $state(false);
  problem = $state.raw<Problem | null>(null);
  /** The record in the inspector. */
  selected = $state<string | null>(null);
  /** The field to put the focus into, when the inspector shows it. */
  wantedField = $state<string | null>(null);
  host: ModelHost | null = null;
  readonly drafts: Drafts;
  private loading: Promise<void> | null = null;
  /** Records that events brought while everything was being read. */
  private early: RecordView[] = [];

  constructor(
    private readonly backend: Backend,
    private readonly document: string,
    /** The stored texts of all sections, with all that was typed here. */
    private readonly texts: () => Promise<ReadonlyMap<string, string>>,
  ) {
    this.drafts = new Drafts(
      (id, field) => this.records.get(id)?.fields[field] ?? null,
      (id, field, value) => this.saveField(id, field, value),
    );
  }

  /** Live records of every collection, in order. */
  private readonly byCollection = $derived.by(() => {
    const lists = new Map<string, RecordView[]>();
    for (const record of this.records.values()) {
      if (record.hidden) continue;
      const list = lists.get(record.collection);
      if (list) list.push(record);
      else lists.set(record.collection, [record]);
    }
    for (const list of lists.values()) list.sort(byOrder);
    return lists;
  });

  /** What is nested in a record; `collection` alone for what is nested in nothing. */
  private readonly nested = $derived.by(() => {
    const lists = new Map<string, RecordView[]>();
    for (const [collection, list] of this.byCollection) {
      for (const record of list) {
        const key = record.parent ?? collection;
        const siblings = lists.get(key);
        if (siblings) siblings.push(record);
        else lists.set(key, [record]);
      }
    }
    return lists;
  });

  /** Who names a record in one of its fields. */
  private readonly uses = $derived.by(() => {
    const uses = new Map<string, Use[]>();
    if (!this.schema) return uses;
    const add = (id: string, record: RecordView, field: string) => {
      const list = uses.get(id);
      if (list) list.push({ record, field });
      else uses.set(id, [{ record, field }]);
    };
    for (const [name, list] of this.byCollection) {
      const fields = this.schema.collection(name).fields.filter((field) => field.shape === "ref" || field.shape === "refs");
      for (const record of list) {
        for (const { name: field } of fields) {
          const value = record.fields[field];
          if (typeof value === "string") add(value, record, field);
          else if (Array.isArray(value)) for (const id of value) add(id, record, field);
        }
      }
    }
    return uses;
  });

  readonly namesToElements = $derived(new Map(this.list("elements").map((element) => [element.label.toLowerCase(), element])));

  list(collection: string): readonly RecordView[] {
    return this.byCollection.get(collection) ?? NONE;
  }

  get(id: string | null): RecordView | null {
    return (id && this.records.get(id)) || null;
  }

  label(id: string): string {
    const record = this.records.get(id);
    return record ? this.labelOf(record) : "(?)";
  }

  /** What people call a record; a relationship by its ends. */
  labelOf(record: RecordView): string {
    if (record.collection === "relationships") return `${this.label(textOf(record, "from"))} → ${this.label(textOf(record, "to"))}`;
    return plainText(this, record.label);
  }

  /** A value as people read it: with names where it mentions records. */
  plain(text: string): string {
    return plainText(this, text);
  }

  /** The same as a line in a list: without marks. */
  line(text: string): string {
    return plainTitle(this.plain(text));
  }

  /** A value that was changed as people read it, with the mentions that it had. */
  mentioning(source: string, text: string): string {
    return withMentions(this, source, text);
  }

  children(id: string): readonly RecordView[] {
    return this.nested.get(id) ?? NONE;
  }

  roots(collection: string): readonly RecordView[] {
    return this.nested.get(collection) ?? NONE;
  }

  /** Records that name this one. */
  usesOf(id: string): readonly Use[] {
    return this.uses.get(id) ?? NONE;
  }

  /** Records of a collection that name this one by that field. */
  owned(id: string, collection: string, field: string): readonly RecordView[] {
    return this.usesOf(id).flatMap((use) => (use.record.collection === collection && use.field === field ? [use.record] : []));
  }

  leaving(id: string): readonly RecordView[] {
    return this.owned(id, "relationships", "from");
  }

  arriving(id: string): readonly RecordView[] {
    return this.owned(id, "relationships", "to");
  }

  /** The elements that relationships lead to. */
  dependencies(id: string): readonly string[] {
    return [...new Set(this.leaving(id).map((relationship) => textOf(relationship, "to")))];
  }

  /** What a reference in a text shows. */
  show(reference: Reference): string {
    return showReference(this, reference);
  }

  /** Whether a reference names a record, as a mention does. */
  isMention(reference: Reference): boolean {
    const record = this.records.get(reference.id);
    return record !== undefined && this.schema?.collection(record.collection).label === reference.field && reference.hint === "";
  }

  /** Whether a record with these words in its name or values is meant. */
  matchesElement(element: RecordView, words: readonly string[]): boolean {
    if (words.length === 0) return true;
    const kind = this.schema?.choice("elements", "kind", textOf(element, "kind")) ?? "";
    const text = [element.label, kind, textOf(element, "status"), textOf(element, "owner"), ...listOf(element, "tags")].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  }

  /** Reads everything; what is known stays until then. */
  async load(): Promise<void> {
    if (this.loading) return this.loading;
    this.early = [];
    this.loading = this.read().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  receive(event: Event): void {
    if (event.type === "lagged") void this.load();
    if (event.type !== "modelChanged" || event.document !== this.document) return;
    if (event.records.length === 0) {
      void (this.loading ?? Promise.resolve()).then(() => this.load());
      return;
    }
    if (this.loading) this.early.push(...event.records);
    this.take(event.records);
  }

  /** Does edits as one change that can be taken back; null when that failed or was not wanted. */
  async change(edits: Edit[], options: ChangeOptions = {}): Promise<Applied | null> {
    try {
      const applied = await this.applyAsking(edits, options);
      if (applied) this.remember(applied);
      return applied;
    } catch (thrown) {
      this.host?.failed(thrown);
      return null;
    }
  }

  /** Adds a record; its id, or null when that failed. */
  async add(collection: string, fields: Record<string, Value>, after: string | null = null): Promise<string | null> {
    const applied = await this.change([{ do: "add", collection, id: null, fields, after }]);
    return applied?.added[0] ?? null;
  }

  /** Puts what was done elsewhere, such as by a fix, on the stack of what can be taken back. */
  remember(applied: Applied): void {
    let last = applied;
    let after = this.textsAfter(applied);
    const turn = async () => {
      const sections = await this.takenBack(last.undoSections, await after);
      last = await this.apply(last.undo, sections, applied.summary, true);
      after = this.textsAfter(last);
    };
    this.host?.remember({ label: applied.summary, undo: turn, redo: turn });
  }

  /** Section texts as a change left them; without them it is taken back as a whole. */
  private async textsAfter({ undoSections }: Applied): Promise<ReadonlyMap<string, string>> {
    return undoSections.length === 0 ? new Map() : this.texts().catch(() => new Map());
  }

  /** What takes a change of section texts back and leaves alone what was written since. */
  private async takenBack(sections: readonly SectionBody[], after: ReadonlyMap<string, string>): Promise<SectionBody[]> {
    const now = after.size > 0 ? await this.texts() : after;
    return sections.map((body) => {
      const [was, is] = [after.get(body.section), now.get(body.section)];
      return body.text === null || was === undefined || is === undefined ? body : { ...body, text: withoutChange(body.text, was, is) };
    });
  }

  private async saveField(id: string, field: string, value: Value | null): Promise<Problem | null> {
    try {
      this.remember(await this.apply([{ do: "set", id, field, value }], [], null, false));
      return null;
    } catch (thrown) {
      return toProblem(thrown);
    }
  }

  private async applyAsking(edits: Edit[], { sections = [], summary }: ChangeOptions): Promise<Applied | null> {
    try {
      return await this.apply(edits, sections, summary ?? null, false);
    } catch (thrown) {
      const problem = toProblem(thrown);
      if (problem.code !== "confirm" || !this.host) throw thrown;
      return (await this.host.confirm(problem)) ? this.apply(edits, sections, summary ?? null, true) : null;
    }
  }

  private async apply(edits: Edit[], sections: SectionBody[], summary: string | null, confirm: boolean): Promise<Applied> {
    const before = this.records;
    const applied = await this.backend.call("model.apply", { document: this.document, edits, sections, summary, confirm });
    // What was set is shown at once; the event that follows has the last word.
    const set = edits.flatMap((edit) => {
      const record = edit.do === "set" ? this.records.get(edit.id) : undefined;
      if (edit.do !== "set" || !record || before.get(edit.id) !== record) return [];
      const fields = { ...record.fields };
      if (edit.value === null) delete fields[edit.field];
      else fields[edit.field] = edit.value;
      return [{ ...record, fields }];
    });
    if (set.length > 0) this.take(set);
    return applied;
  }

  private async read(): Promise<void> {
    try {
      const [schema, { records }] = await Promise.all([loadSchema(this.backend), this.backend.call("model.open", { document: this.document })]);
      this.schema = schema;
      this.records = new Map([...records, ...this.early].map((record) => [record.id, record]));
      this.loaded = true;
      this.problem = null;
    } catch (thrown) {
      this.problem = toProblem(thrown);
    }
  }

  private take(records: readonly RecordView[]): void {
    const next = new Map(this.records);
    for (const record of records) next.set(record.id, record);
    this.records = next;
    this.drafts.changed(records);
  }
}
