import { tick } from "svelte";
import { toProblem, type Backend, type Problem } from "../backend/backend";
import type { AppInfo, Event } from "../backend/generated/api";
import { Dialogs } from "./dialogs.svelte";
import type { OpenDocument } from "./document.svelte";
import { Library } from "./library.svelte";
import type { ModelHost } from "./model.svelte";
import { Navigation, type Page } from "./navigation.svelte";
import { Settings } from "./settings.svelte";
import { Toasts } from "./toasts.svelte";
import { UndoStack } from "./undo.svelte";
import { Workspaces } from "./workspaces.svelte";

/** The clock behind relative times moves this often, in milliseconds. */
const CLOCK_MS = 5_000;
/** After edits the library is read again at most this often, in milliseconds. */
const LIBRARY_MS = 1_000;

/** Everything the interface knows, and the way to the core. */
export class App {
  readonly toasts = new Toasts();
  readonly undo = new UndoStack();
  readonly dialogs = new Dialogs();
  readonly navigation = new Navigation();
  readonly workspaces: Workspaces;
  readonly library: Library;
  info = $state.raw<AppInfo | null>(null);
  document = $state.raw<OpenDocument | null>(null);
  /** Why the document of this place could not be opened. */
  documentProblem = $state.raw<Problem | null>(null);
  now = $state(Date.now());
  private readonly modelHost: ModelHost = {
    remember: (step) => this.undo.push(step),
    confirm: (problem) => this.dialogs.ask("Delete that much?", `${problem.message} ${problem.advice}`, "Delete"),
    failed: (thrown) => this.toasts.fail(thrown),
  };
  private opening = "";
  /** Documents that were left while something in them could not be saved; they go on trying. */
  private readonly lingering = new Map<string, OpenDocument>();
  private libraryTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    readonly backend: Backend,
    readonly settings = new Settings(),
  ) {
    this.workspaces = new Workspaces(backend, this.settings, () => this.document?.summary.workspace ?? null);
    this.library = new Library(backend, () => this.workspaces.current?.id ?? null);
    this.settings.onlyToRead = () => !this.mayWrite;
    this.navigation.leaving = () => void this.document?.flush();
  }

  /** Whether the open document, or else what the library shows, may be changed by this person. */
  get mayWrite(): boolean {
    return this.workspaces.mayWrite(this.workspaces.current?.id ?? null);
  }

  /** Subscribes and reads what every view needs. */
  async start(): Promise<void> {
    this.backend.subscribe((event) => this.receive(event));
    setInterval(() => {
      this.now = Date.now();
      this.endLingering();
    }, CLOCK_MS);
    window.addEventListener("pagehide", () => {
      void this.document?.flush();
      void this.document?.presence.leave();
    });
    window.addEventListener("beforeunload", (event) => {
      // Asked only when something cannot be saved; what merely waits is sent while the page closes.
      if ((this.document?.saving && this.document.problem) || this.lingering.size > 0) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") void this.document?.flush();
    });
    await this.loadWorkspaces();
    this.workspaces.settle();
    await this.library.load();
    void this.attempt(() => this.library.loadTemplates());
    void this.attempt(() => this.showOpenedFile());
  }

  /** The bundle that someone opened this window with. */
  private async showOpenedFile(): Promise<void> {
    const content = await this.backend.openedFile();
    if (content !== null) await this.showBundle(content);
  }

  /** Looks at a bundle and shows what taking it in would do. */
  async showBundle(content: string): Promise<void> {
    const info = await this.backend.call("bundle.inspect", { content });
    this.dialogs.open({ kind: "bundle", content, info });
  }

  /** Opens the document of the current place, or closes it. */
  async followPlace(): Promise<void> {
    const place = this.navigation.place;
    if (place.view === "library") {
      this.opening = "";
      await this.closeDocument();
      await this.attempt(() => this.library.load());
      return;
    }
    if (this.document?.id !== place.document) await this.openDocument(place.document);
    if (this.document?.id !== place.document) return;
    if (place.section) this.document.scrollTo(place.section);
    if (place.page && place.page !== "write") this.document.stopEditing();
    // On the page of the text the record in the details is not part of the place.
    if ((place.page ?? "write") !== "write" || place.record) this.document.model.selected = place.record ?? null;
  }

  openPlace(document: string, section: string | null = null): void {
    this.dialogs.close();
    this.navigation.go({ view: "document", document, section });
  }

  /** Opens a page of the document, perhaps at a record. */
  openPage(page: Page, record: string | null = null, document = this.document?.id): void {
    if (!document) return;
    this.dialogs.close();
    this.dialogs.drawer = null;
    this.navigation.go({ view: "document", document, section: null, page, record });
  }

  /** Puts a record into the details, without leaving the page. */
  select(record: string | null, field: string | null = null): void {
    const { place } = this.navigation;
    if (!this.document || place.view !== "document") return;
    this.document.model.selected = record;
    this.document.model.wantedField = field;
    if (this.navigation.page !== "write") this.navigation.replace({ ...place, record });
  }

  openLibrary(): void {
    this.dialogs.close();
    this.navigation.go({ view: "library" });
  }

  /** Sets the name that the other members see. */
  async setUserName(name: string): Promise<void> {
    await this.backend.call("app.setUserName", { name });
    await this.loadWorkspaces();
  }

  /** Runs something and shows its error; returns whether it worked. */
  async attempt(work: () => Promise<unknown> | unknown): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (thrown) {
      this.toasts.fail(thrown);
      return false;
    }
  }

  private async openDocument(id: string): Promise<void> {
    this.opening = id;
    this.documentProblem = null;
    await this.closeDocument();
    try {
      const opened = await this.takeDocument(id);
      // Someone may have gone elsewhere meanwhile.
      if (this.opening !== id) {
        this.lingering.set(id, opened);
        this.endLingering();
        return;
      }
      this.document = opened;
      void this.attempt(() => opened.startModel(this.modelHost));
      void this.attempt(() => opened.presence.start());
      const workspace = opened.summary.workspace;
      if (this.workspaces.list.some((known) => known.id === workspace)) this.workspaces.choose(workspace);
    } catch (thrown) {
      if (this.opening === id) this.documentProblem = toProblem(thrown);
    }
  }

  /** A document, with what is still unsaved in it from before. */
  private async takeDocument(id: string): Promise<OpenDocument> {
    const known = this.lingering.get(id);
    if (known) {
      this.lingering.delete(id);
      return known;
    }
    const { OpenDocument } = await import("./document.svelte");
    return OpenDocument.open(this.backend, id);
  }

  private async closeDocument(): Promise<void> {
    const open = this.document;
    this.document = null;
    if (!open) return;
    open.presence.close();
    open.stopEditing();
    // The editor ends first, since it may still tidy the end of its text.
    await tick();
    await open.flush();
    if (open.saving) this.lingering.set(open.id, open);
    else open.close();
  }

  private endLingering(): void {
    for (const [id, document] of this.lingering) {
      if (document.saving) continue;
      this.lingering.delete(id);
      document.close();
    }
  }

  /** Excerpts and completeness in the library follow edits at a calm pace. */
  private reloadLibrarySoon(): void {
    if (this.libraryTimer || this.navigation.place.view !== "library") return;
    this.libraryTimer = setTimeout(() => {
      this.libraryTimer = null;
      void this.attempt(() => this.library.load());
    }, LIBRARY_MS);
  }

  /** The workspaces, and the name one has in them. */
  private async loadWorkspaces(): Promise<void> {
    this.info = await this.backend.call("app.info", {});
    await this.workspaces.load();
  }

  /** The first documents of a workspace bring it into view when what is shown is empty, but not under someone's hands. */
  private async libraryChanged(): Promise<void> {
    await this.workspaces.load();
    if (this.navigation.place.view === "library" && !this.dialogs.current) this.workspaces.settle();
    await this.library.load();
  }

  private receive(event: Event): void {
    this.document?.receive(event);
    for (const document of this.lingering.values()) document.receive(event);
    switch (event.type) {
      case "sectionChanged":
      case "modelChanged":
      case "documentChanged":
        this.reloadLibrarySoon();
        break;
      case "libraryChanged":
        void this.attempt(() => this.libraryChanged());
        break;
      case "workspacesChanged":
        void this.attempt(() => this.loadWorkspaces());
        break;
      case "syncChanged":
        this.workspaces.syncChanged(event.state);
        // How many changes wait stands in every row.
        this.reloadLibrarySoon();
        break;
      case "lagged":
        void this.attempt(async () => {
          await this.workspaces.load();
          await this.library.load();
        });
        break;
    }
  }
}
