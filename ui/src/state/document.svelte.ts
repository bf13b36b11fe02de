import { toProblem, type Backend, type Problem } from "../backend/backend";
import type { Completeness, DocumentSummary, DocumentView, Event, LogEntry, SectionUpdate, TemplateSlot } from "../backend/generated/api";
import { plainTitle } from "../lib/plain-title";
import { childrenByParent, depths } from "../lib/outline";
import { randomHex } from "../lib/random";
import { SectionSync, type Failure } from "../lib/section-sync";
import { wordCount } from "../lib/wording";
import { DocumentAttachments } from "./attachments.svelte";
import { DocumentCheck } from "./check.svelte";
import { DocumentModel, type ModelHost } from "./model.svelte";
import { DocumentPresence, type Whereabouts } from "./presence.svelte";
import { Section } from "./section.svelte";

/** Structural events are gathered for this long before the document is read again, in milliseconds. */
const RELOAD_MS = 30;
/** When writing pauses for this long, the core's count of what is complete is read again, in milliseconds. */
const SUMMARY_MS = 2_000;
/** Errors after which an edit may nevertheless have been saved, since only the reply was lost. */
const UNCERTAIN = new Set(["unreachable", "internal", "busy"]);

function failureOf(thrown: unknown): Failure {
  const { code } = toProblem(thrown);
  if (code === "not-found") return "gone";
  return UNCERTAIN.has(code) ? "unknown" : "refused";
}

/** The section that is being edited, and where the caret shall stand. */
export interface Editing {
  section: string;
  offset: number | "start" | "end";
}

/** The document on the page: its sections, their editors' states and what is unsaved. */
export class OpenDocument {
  summary = $state.raw<DocumentSummary>() as DocumentSummary;
  sections = $state.raw<Section[]>([]);
  missing = $state.raw<TemplateSlot[]>([]);
  log = $state.raw<LogEntry[] | null>(null);
  /** The section with the editor. */
  editing = $state.raw<Editing | null>(null);
  /** The section whose heading is being edited. */
  renaming = $state<string | null>(null);
  /** The section the reader is at. */
  current = $state<string | null>(null);
  /** Set to scroll to a section. */
  target = $state.raw<{ section: string; at: number } | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** A section that someone deleted while it was being written here. */
  vanished = $state.raw<{ id: string; title: string } | null>(null);
  /** Keeps the page in place around changes from elsewhere; set by the page. */
  aroundRemote: (change: () => void) => void = (change) => change();
  readonly model: DocumentModel;
  readonly check: DocumentCheck;
  readonly attachments: DocumentAttachments;
  readonly presence: DocumentPresence;
  /** Whether the page of the text is shown. */
  onText = $state(true);

  private unsaved = $state.raw<ReadonlySet<string>>(new Set());
  private base: { completeness: Completeness; written: number } = $state.raw({ completeness: { written: 0, expected: 0 }, written: 0 });
  private readonly syncs = new Map<string, SectionSync>();
  private reloadTimer: ReturnType<typeof setTimeout> | null = null;
  private summaryTimer: ReturnType<typeof setTimeout> | null = null;
  private reloading: Promise<void> | null = null;
  private closed = false;

  private constructor(
    private readonly backend: Backend,
    private process: string,
    view: DocumentView,
  ) {
    this.model = new DocumentModel(backend, view.summary.id, () => this.storedTexts());
    this.check = new DocumentCheck(backend, view.summary.id);
    this.attachments = new DocumentAttachments(backend, view.summary.id);
    this.presence = new DocumentPresence(backend, view.summary.id, () => this.whereabouts());
    this.take(view);
  }

  static async open(backend: Backend, id: string): Promise<OpenDocument> {
    const [info, view] = await Promise.all([backend.call("app.info", {}), backend.call("document.open", { document: id })]);
    return new OpenDocument(backend, info.session, view);
  }

  readonly saving = $derived.by(() => this.unsaved.size > 0 || this.model.drafts.waiting);
  readonly byId = $derived(new Map(this.sections.map((section) => [section.id, section])));
  readonly depth = $derived(depths(this.sections));
  readonly children = $derived(childrenByParent(this.sections));
  readonly words = $derived(this.sections.reduce((sum, section) => sum + wordCount(section.text), 0));
  /** The first section, when its heading is the document's title. */
  readonly titleSection = $derived.by(() => {
    const first = this.sections.find((section) => section.level > 0);
    return first && first.level === 1 && plainTitle(first.title) === plainTitle(this.summary.title) ? first : null;
  });
  /** Completeness as the core counted it, and what was written since. */
  readonly completeness: Completeness = $derived.by(() => {
    const { completeness, written } = this.base;
    return { expected: completeness.expected, written: Math.max(0, completeness.written + this.countWritten() - written) };
  });

  get id(): string {
    return this.summary.id;
  }

  section(id: string): Section | null {
    return this.byId.get(id) ?? null;
  }

  /** Starts editing a section's text. */
  edit(section: string, offset: Editing["offset"] = "end"): void {
    this.renaming = null;
    this.current = section;
    this.editing = { section, offset };
  }

  stopEditing(): void {
    const editing = this.editing;
    this.editing = null;
    if (editing) void this.syncs.get(editing.section)?.flush();
  }

  scrollTo(section: string): void {
    this.current = section;
    this.target = { section, at: Date.now() };
  }

  /** The collaborating text of a section; made when it is first edited. */
  sync(id: string): SectionSync | null {
    const known = this.syncs.get(id);
    const section = this.byId.get(id);
    if (known || !section) return known ?? null;
    const client = randomHex(8);
    const sync = new SectionSync(
      client,
      section.text,
      section.version,
      {
        edit: (version, splices) => this.backend.call("section.edit", { document: this.id, section: id, version, client, splices }),
        updates: (since) => this.backend.call("section.updates", { document: this.id, section: id, since }),
      },
      {
        textChanged: (text) => this.byId.get(id)?.typed(text),
        savingChanged: (dirty, problem) => this.savingChanged(id, dirty, problem),
        aroundRemote: (change) => this.aroundRemote(change),
        failure: failureOf,
        inCompany: () => this.presence.people.length > 0,
        selectionMoved: () => this.presence.moved(),
      },
    );
    this.syncs.set(id, sync);
    return sync;
  }

  /** Sends everything that waits. */
  async flush(): Promise<void> {
    await Promise.all([...[...this.syncs.values()].map((sync) => sync.flush()), this.model.drafts.flush()]);
  }

  /** Where this page is, for others. */
  private whereabouts(): Whereabouts {
    if (!this.onText) return { section: null, selection: null };
    const section = this.editing?.section ?? this.current;
    return { section, selection: this.editing ? (this.syncs.get(this.editing.section)?.selection() ?? null) : null };
  }

  /** The texts of all sections as they are stored, once everything typed here is. */
  private async storedTexts(): Promise<ReadonlyMap<string, string>> {
    await this.flush();
    const { sections } = await this.backend.call("document.open", { document: this.id });
    return new Map(sections.map(({ id, text }) => [id, text]));
  }

  /** Ends everything; call it when nothing is unsaved any more. */
  close(): void {
    this.closed = true;
    this.presence.close();
    this.check.close();
    this.attachments.close();
    if (this.summaryTimer) clearTimeout(this.summaryTimer);
    for (const sync of this.syncs.values()) sync.close();
  }

  /** Reads the model and checks it; the text is there without. */
  async startModel(host: ModelHost): Promise<void> {
    this.model.host = host;
    await Promise.all([this.model.load(), this.attachments.load()]);
    await this.check.run();
  }

  receive(event: Event): void {
    this.presence.receive(event);
    // Where others are changes nothing in the document.
    if (event.type === "presenceChanged") return;
    if (event.type === "documentChanged" && event.document === this.id) this.reloadSoon();
    if (event.type === "libraryChanged") this.reloadSoon();
    if (event.type === "sectionChanged" && event.document === this.id) this.sectionChanged(event.section, event.update);
    if (event.type === "lagged") void this.reload(true).catch((thrown) => this.failed(thrown));
    if (event.type === "modelChanged" && this.sections.some(({ record }) => record && event.records.some(({ id }) => id === record))) this.reloadSoon();
    if (!this.model.host) return;
    this.model.receive(event);
    this.attachments.receive(event);
    this.check.receive(event);
  }

  /** Reads the document again; sections that are being edited keep their unconfirmed edits. */
  async reload(lagged = false): Promise<void> {
    // One at a time: a reload that is under way may have read too early.
    while (this.reloading) await this.reloading;
    this.reloading = this.readAgain(lagged).finally(() => {
      this.reloading = null;
    });
    return this.reloading;
  }

  async loadLog(): Promise<void> {
    this.log = await this.backend.call("document.log", { document: this.id });
  }

  private async readAgain(lagged: boolean): Promise<void> {
    const info = lagged ? await this.backend.call("app.info", {}) : null;
    const view = await this.backend.call("document.open", { document: this.id });
    if (this.closed) return;
    const restarted = info !== null && info.session !== this.process;
    if (info) this.process = info.session;
    this.aroundRemote(() => this.take(view, restarted));
    if (this.log) await this.loadLog();
  }

  private take(view: DocumentView, restarted = false): void {
    const known = new Map(this.sections.map((section) => [section.id, section]));
    this.summary = view.summary;
    this.missing = view.missing;
    this.sections = view.sections.map((seen) => {
      const section = known.get(seen.id);
      if (!section) return new Section(seen);
      section.takeStructure(seen);
      const sync = this.syncs.get(seen.id);
      if (sync) {
        if (restarted) sync.restart(seen.text, seen.version);
        else if (seen.version > sync.takenVersion) void sync.catchUp();
      } else if (restarted || seen.version >= section.version) {
        section.takeText(seen.text, seen.version, seen.state);
      }
      return section;
    });
    this.dropDeleted(known);
    this.base = { completeness: view.summary.completeness, written: this.countWritten() };
  }

  /** Ends the editing of sections that someone deleted. */
  private dropDeleted(known: ReadonlyMap<string, Section>): void {
    const present = new Set(this.sections.map((section) => section.id));
    if (this.editing && !present.has(this.editing.section)) {
      this.vanished = { id: this.editing.section, title: known.get(this.editing.section)?.title ?? "" };
      this.editing = null;
    }
    for (const [id, sync] of this.syncs) {
      if (present.has(id)) continue;
      sync.close();
      this.syncs.delete(id);
      this.savingChanged(id, false, null);
    }
  }

  private sectionChanged(id: string, update: SectionUpdate): void {
    this.summary = { ...this.summary, updated: new Date().toISOString() };
    const sync = this.syncs.get(id);
    if (sync) {
      sync.receive(update);
      return;
    }
    const section = this.byId.get(id);
    if (!section) return this.reloadSoon();
    this.aroundRemote(() => {
      if (!section.receive(update)) this.reloadSoon();
    });
  }

  private reloadSoon(): void {
    if (this.reloadTimer || this.closed) return;
    this.reloadTimer = setTimeout(() => {
      this.reloadTimer = null;
      this.reload().catch((thrown) => this.failed(thrown));
    }, RELOAD_MS);
  }

  private readSummarySoon(): void {
    if (this.summaryTimer) clearTimeout(this.summaryTimer);
    if (this.closed) return;
    this.summaryTimer = setTimeout(() => {
      // The next pause tries again; until then the count is what can be told here.
      this.readSummary().catch(() => {});
    }, SUMMARY_MS);
  }

  private async readSummary(): Promise<void> {
    const list = await this.backend.call("document.list", { workspace: this.summary.workspace, deleted: true });
    const summary = list.find((candidate) => candidate.id === this.id);
    if (!summary || this.saving || this.closed) return;
    this.summary = summary;
    this.base = { completeness: summary.completeness, written: this.countWritten() };
  }

  private failed(thrown: unknown): void {
    this.problem = toProblem(thrown);
  }

  private countWritten(): number {
    return this.sections.filter((section) => section.state === "written").length;
  }

  private savingChanged(id: string, dirty: boolean, problem: unknown): void {
    if (dirty !== this.unsaved.has(id)) {
      const unsaved = new Set(this.unsaved);
      if (dirty) unsaved.add(id);
      else unsaved.delete(id);
      this.unsaved = unsaved;
    }
    if (problem !== null) this.problem = toProblem(problem);
    else if (!this.saving) this.problem = null;
    if (!this.saving) this.readSummarySoon();
  }
}
