import { problem, type Backend } from "../backend/backend";
import type { DocumentSummary, Imported, SearchHit, TemplateInfo } from "../backend/generated/api";
import { toBase64 } from "../lib/base64";

const MAX_HITS = 50;
/** Larger files are refused before they are read; the core has a limit of its own. */
const MAX_IMPORT_BYTES = 16 * 1024 * 1024;
const SEARCH_DELAY_MS = 120;

/** How a file is imported. */
export interface ImportOptions {
  /** A template's id, or the name of a file; null for the one that fits best. */
  template: string | null;
  /** The text of a template file. */
  file: string | null;
  /** Lifts all there is into the model, diagrams too. */
  lift: boolean;
}

/** The documents of a workspace, and the search over all. */
export class Library {
  documents = $state.raw<DocumentSummary[]>([]);
  templates = $state.raw<TemplateInfo[]>([]);
  loaded = $state(false);
  query = $state("");
  hits = $state.raw<SearchHit[] | null>(null);
  searching = $state(false);
  private searchTimer: ReturnType<typeof setTimeout> | null = null;
  private loads = 0;

  constructor(
    private readonly backend: Backend,
    private readonly workspace: () => string | null,
  ) {}

  async load(): Promise<void> {
    const load = ++this.loads;
    const documents = await this.backend.call("document.list", { workspace: this.workspace(), deleted: false });
    // A later load knows more, whichever reply comes first.
    if (load !== this.loads) return;
    this.documents = documents;
    this.loaded = true;
  }

  async loadTemplates(): Promise<void> {
    if (this.templates.length === 0) this.templates = await this.backend.call("template.list", {});
  }

  /** Searches when typing pauses. An empty query ends the search. */
  search(query: string, failed: (thrown: unknown) => void): void {
    this.query = query;
    if (this.searchTimer) clearTimeout(this.searchTimer);
    if (query.trim() === "") {
      this.hits = null;
      this.searching = false;
      return;
    }
    this.searching = true;
    this.searchTimer = setTimeout(() => {
      this.find(query).catch(failed);
    }, SEARCH_DELAY_MS);
  }

  create(title: string, { template, file }: Omit<ImportOptions, "lift">): Promise<DocumentSummary> {
    return this.backend.call("document.create", { title, template: template ?? "full", templateFile: file, workspace: this.workspace() });
  }

  async import(file: File, options: ImportOptions = { template: null, file: null, lift: false }): Promise<Imported> {
    if (file.size > MAX_IMPORT_BYTES) {
      throw problem("too-large", "This file is too large to be a document.", "Drystone takes Markdown files of up to 16 MB.", file.name);
    }
    const content = toBase64(new Uint8Array(await file.arrayBuffer()));
    const { template, file: templateFile, lift } = options;
    return this.backend.call("document.import", { name: file.name, content, template, templateFile, workspace: this.workspace(), format: null, lift, into: null });
  }

  private async find(query: string): Promise<void> {
    try {
      const hits = await this.backend.call("search", { query, document: null, limit: MAX_HITS });
      if (query === this.query) this.hits = hits;
    } finally {
      if (query === this.query) this.searching = false;
    }
  }
}
