import { randomHex } from "../lib/random";
import { sectionState } from "../lib/completeness";
import { hasReferences, renderReferences } from "../lib/reference";
import { difference } from "../lib/difference";
import { spliceString } from "../lib/splices";
import { problem } from "./backend";
import { MemoryModel } from "./memory-model";
import type {
  AddSection,
  DocumentSummary,
  DocumentView,
  Edited,
  LogEntry,
  SectionUpdate,
  SectionUpdatesReply,
  SectionView,
  Splice,
  TemplateInfo,
  TemplateSlot,
  TrashItem,
} from "./generated/api";

/** Updates kept per section; who asks for older ones gets the whole text. */
const MAX_UPDATES = 200;

interface Section {
  id: string;
  level: number;
  title: string;
  key: string | null;
  text: string;
  version: number;
  updates: SectionUpdate[];
}

export function slugOf(title: string): string {
  return title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "untitled";
}

const noSection = () =>
  problem("not-found", "This section does not exist any more.", "Open the document again; deleted sections can be restored with undo.");

/** Cuts Markdown at its headings, outside of fenced code. */
export function cutMarkdown(source: string): { level: number; title: string; text: string }[] {
  const parts = [{ level: 0, title: "", text: "" }];
  let fence: string | null = null;
  for (const line of source.split(/(?<=\n)/)) {
    const mark = /^ {0,3}(```+|~~~+)/.exec(line)?.[1];
    if (mark && fence === null) fence = mark;
    else if (mark && fence !== null && mark.startsWith(fence)) fence = null;
    const heading = fence === null && !mark ? /^(#{1,6})[ \t]+(.*?)[ \t]*#*\s*$/.exec(line) : null;
    if (heading) parts.push({ level: heading[1]!.length, title: heading[2]!, text: "" });
    else parts[parts.length - 1]!.text += line;
  }
  return parts.filter((part) => part.level > 0 || part.text.trim() !== "");
}

/** A document held in memory, with the behaviour that the interface relies on. */
export class MemoryDocument {
  readonly id = randomHex(16);
  readonly created = new Date().toISOString();
  updated = this.created;
  deleted: string | null = null;
  waiting = 0;
  log: LogEntry[] = [];
  readonly model = new MemoryModel();
  private sections: Section[] = [];
  /** Deleted subtrees by their root, with the section they stood before. */
  private removed = new Map<string, { sections: Section[]; before: string | null }>();

  constructor(
    public title: string,
    public template: TemplateInfo,
    readonly workspace: string,
  ) {}

  static fromTemplate(title: string, template: TemplateInfo, workspace: string): MemoryDocument {
    const document = new MemoryDocument(title, template, workspace);
    document.sections.push(document.newSection(1, title, null, ""));
    for (const slot of template.slots) {
      if (!slot.repeatable) document.sections.push(document.newSection(slot.level, slot.title, slot.key, slot.skeleton));
    }
    document.note("you", "Created the document", document.sections.length);
    return document;
  }

  static fromMarkdown(title: string, source: string, template: TemplateInfo, workspace: string): MemoryDocument {
    const document = new MemoryDocument(title, template, workspace);
    for (const { level, title: heading, text } of cutMarkdown(source)) {
      const slot = template.slots.find((candidate) => !candidate.repeatable && candidate.title.toLowerCase() === heading.toLowerCase());
      document.sections.push(document.newSection(level, heading, slot?.key ?? null, text));
    }
    document.note("you", "Imported the document", document.sections.length);
    return document;
  }

  summary(): DocumentSummary {
    const views = this.views().filter((view) => view.level > 0);
    return {
      id: this.id,
      title: this.title,
      slug: slugOf(this.title),
      template: this.template.id,
      workspace: this.workspace,
      created: this.created,
      updated: this.updated,
      deleted: this.deleted,
      completeness: {
        written: views.filter((view) => view.state === "written").length,
        expected: views.length + this.missing().filter((slot) => !slot.repeatable).length,
      },
      waiting: this.waiting,
      excerpt: this.excerpt(),
    };
  }

  view(): DocumentView {
    return { summary: this.summary(), sections: this.views(), missing: this.missing() };
  }

  markdown(): string {
    return this.sections.map(({ level, title, text }) => (level > 0 ? `${"#".repeat(level)} ${title}\n${text}` : text)).join("");
  }

  edit(id: string, version: number, client: string, splices: Splice[]): { reply: Edited; update: SectionUpdate | null } {
    const section = this.find(id);
    if (version !== section.version) return { reply: { accepted: false, version: section.version }, update: null };
    try {
      section.text = spliceString(section.text, splices);
    } catch {
      throw problem("usage", "The edit lies outside of the section's text.", "Reload the document.", id);
    }
    section.version++;
    const update = { version: section.version, client, splices };
    section.updates.push(update);
    if (section.updates.length > MAX_UPDATES) section.updates.shift();
    this.note(client === "" ? "Mara" : "you", `Wrote in “${section.title || "Preamble"}”`, splices.length);
    return { reply: { accepted: true, version: section.version }, update };
  }

  /** Replaces a whole text; returns the update, unless it is the same. */
  replaceText(id: string, text: string): SectionUpdate | null {
    const before = this.text(id);
    if (before === text) return null;
    return this.edit(id, this.version(id), "", difference(before, text)).update;
  }

  /** Sections in the trash. */
  removedSections(): TrashItem[] {
    return [...this.removed].map(([id, { sections }]) => ({ collection: "sections", id, label: sections[0]?.title ?? "" }));
  }

  noteModel(summary: string, edits: number): void {
    this.note("you", summary, edits);
  }

  updatesSince(id: string, since: number): SectionUpdatesReply {
    const section = this.find(id);
    const first = section.updates[0]?.version ?? section.version + 1;
    const updates = section.updates.filter((update) => update.version > since);
    const complete = since >= section.version || since + 1 >= first;
    return { version: section.version, updates: complete ? updates : [], text: complete ? null : section.text };
  }

  /** Forgets the updates, so that whoever is behind gets the whole text. */
  forgetUpdates(id: string): void {
    this.find(id).updates = [];
  }

  version(id: string): number {
    return this.find(id).version;
  }

  text(id: string): string {
    return this.find(id).text;
  }

  add({ parent, after, title, key }: AddSection): SectionView {
    const slot = key === null ? undefined : this.template.slots.find((candidate) => candidate.key === key);
    if (key !== null && !slot) throw problem("not-found", `The template has no place “${key}”.`, "Choose one of the missing places.");
    const heading = slot && !slot.repeatable ? slot.title : title;
    const section = this.newSection(2, heading, key, slot?.skeleton ?? "\n");
    if (slot && parent === null && after === null) {
      section.level = slot.level;
      this.sections.splice(this.templatePosition(slot), 0, section);
    } else {
      section.level = this.levelIn(parent);
      this.sections.splice(this.positionAfter(parent, after), 0, section);
    }
    this.note("you", `Added “${heading}”`, 1);
    return this.views().find((view) => view.id === section.id)!;
  }

  rename(id: string, title: string): void {
    const section = this.find(id);
    this.note("you", `Renamed “${section.title}” to “${title}”`, 1);
    section.title = title;
    if (section.level === 1 && this.sections[0] === section) this.title = title;
  }

  renameDocument(title: string): void {
    const first = this.sections[0];
    if (first?.level === 1 && first.title === this.title) first.title = title;
    this.title = title;
    this.note("you", `Renamed the document to “${title}”`, 1);
  }

  move(id: string, parent: string | null, after: string | null): void {
    const moved = this.take(id);
    if (parent !== null && moved.some((section) => section.id === parent)) {
      throw problem("usage", "A section cannot be moved into itself.", "Choose another place.");
    }
    const shift = this.levelIn(parent) - moved[0]!.level;
    const rest = this.sections.filter((section) => !moved.includes(section));
    this.sections = rest;
    for (const section of moved) section.level = Math.min(6, section.level + shift);
    this.sections.splice(this.positionAfter(parent, after), 0, ...moved);
    this.note("you", `Moved “${moved[0]!.title}”`, 1);
  }

  remove(id: string): void {
    const taken = this.take(id);
    const end = this.sections.indexOf(taken.at(-1)!) + 1;
    this.removed.set(id, { sections: taken, before: this.sections[end]?.id ?? null });
    this.sections = this.sections.filter((section) => !taken.includes(section));
    this.note("you", `Deleted “${taken[0]!.title}”`, 1);
  }

  restore(id: string): void {
    const removed = this.removed.get(id);
    if (!removed) throw noSection();
    this.removed.delete(id);
    const index = this.sections.findIndex((section) => section.id === removed.before);
    this.sections.splice(index < 0 ? this.sections.length : index, 0, ...removed.sections);
    this.note("you", `Restored “${removed.sections[0]!.title}”`, 1);
  }

  views(): SectionView[] {
    const open: Section[] = [];
    return this.sections.map((section) => {
      while (open.length > 0 && (section.level === 0 || open.at(-1)!.level >= section.level)) open.pop();
      const parent = open.at(-1) ?? null;
      if (section.level > 0) open.push(section);
      const slot = this.template.slots.find((candidate) => candidate.key === section.key);
      const trail = open.filter((ancestor) => ancestor.level > 1).map((ancestor) => slugOf(ancestor.title));
      return {
        id: section.id,
        parent: parent?.id ?? null,
        level: section.level,
        title: section.title,
        record: null,
        key: section.key,
        path: `sections.${section.key ?? (trail.join(".") || slugOf(section.title))}`,
        guidance: slot?.guidance ?? null,
        state: sectionState(section.text),
        text: section.text,
        rendered: hasReferences(section.text) ? renderReferences(section.text, ({ id }) => this.model.find(id)?.label ?? "(?)").text : null,
        version: section.version,
      };
    });
  }

  private missing(): TemplateSlot[] {
    const present = new Set(this.sections.map((section) => section.key));
    return this.template.slots.filter((slot) => slot.repeatable || !present.has(slot.key));
  }

  private newSection(level: number, title: string, key: string | null, text: string): Section {
    return { id: randomHex(8), level, title, key, text, version: 0, updates: [] };
  }

  private find(id: string): Section {
    const section = this.sections.find((candidate) => candidate.id === id);
    if (!section) throw noSection();
    return section;
  }

  /** A section and everything nested in it, in document order. */
  private take(id: string): Section[] {
    const start = this.sections.indexOf(this.find(id));
    let end = start + 1;
    while (end < this.sections.length && this.sections[end]!.level > this.sections[start]!.level) end++;
    return this.sections.slice(start, end);
  }

  private levelIn(parent: string | null): number {
    if (parent !== null) return Math.min(6, this.find(parent).level + 1);
    return this.sections[0]?.level === 1 ? 2 : Math.max(1, this.sections[0]?.level ?? 2);
  }

  private positionAfter(parent: string | null, after: string | null): number {
    if (after !== null) return this.sections.indexOf(this.find(after)) + this.take(after).length;
    return parent === null ? 0 : this.sections.indexOf(this.find(parent)) + 1;
  }

  /** Behind the last section that stands before the place in the template. */
  private templatePosition(slot: TemplateSlot): number {
    const order = this.template.slots.map((candidate) => candidate.key);
    const rank = order.indexOf(slot.key);
    let position = this.sections.length;
    for (let index = this.sections.length - 1; index >= 0; index--) {
      const key = this.sections[index]!.key;
      if (key !== null && order.indexOf(key) <= rank) return index + 1;
      if (key !== null) position = index;
    }
    return position;
  }

  private excerpt(): string {
    const prose = this.sections.map((section) => section.text.replace(/```[\s\S]*?```|[#*`>|_]/g, " ")).join(" ");
    return prose.replace(/\s+/g, " ").trim().slice(0, 220);
  }

  private note(author: string, summary: string, operations: number): void {
    this.updated = new Date().toISOString();
    this.waiting++;
    const last = this.log[0];
    if (last && last.author === author && last.summary === summary && !last.stored) {
      last.operations += operations;
      last.time = this.updated;
      return;
    }
    this.log.unshift({ hash: randomHex(32), time: this.updated, author, summary, operations, stored: false });
  }
}
