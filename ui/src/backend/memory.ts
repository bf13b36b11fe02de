import { fromBase64, toBase64 } from "../lib/base64";
import { randomHex } from "../lib/random";
import { renderReferences } from "../lib/reference";
import { problem, type Backend, type LockState } from "./backend";
import type { Commands, Event, SearchHit, Splice, SyncState, TemplateInfo, WorkspaceSummary } from "./generated/api";
import { MemoryAttachments } from "./memory-attachments";
import { cutMarkdown, MemoryDocument } from "./memory-document";
import { liftPlan } from "./memory-lift";
import { modelHandlers, searchRecords } from "./memory-model-commands";
import { MemoryPresence } from "./memory-presence";
import { memoryWorkspace, sharingHandlers, type MemoryWorkspace } from "./memory-sharing";
import { memoryTemplates, templateFromFile } from "./memory-templates";

/** How an own edit's event stands to its reply; both happen with the real core. */
export type EventOrder = "before" | "after";

type Handlers = { [K in keyof Commands]: (args: Commands[K]["args"]) => Commands[K]["reply"] };

/** A core without a disk: for tests, and for working on the interface alone. */
export class MemoryBackend implements Backend {
  readonly host = "memory";
  readonly templates: TemplateInfo[] = memoryTemplates;
  documents: MemoryDocument[] = [];
  readonly workspaces: MemoryWorkspace[] = [];
  readonly attachments = new MemoryAttachments(this);
  eventOrder: EventOrder = "after";
  /** Milliseconds until a reply comes. */
  delay = 0;
  /** Set to refuse the next calls of a command, as a broken connection would. */
  failures = new Map<keyof Commands, number>();
  /** What was called, for tests. */
  calls: { command: keyof Commands; args: unknown }[] = [];
  saved: { name: string; mime: string; content: string }[] = [];
  /** Who else is in documents. */
  readonly presence = new MemoryPresence((event) => this.emit(event));
  lockState: LockState = { state: "open", configured: "keychain", problem: null };
  private userName = "You";
  private readonly process = randomHex(8);
  private readonly listeners = new Set<(event: Event) => void>();
  private readonly handlers: Handlers;

  constructor() {
    this.addWorkspace("Personal");
    this.handlers = { ...this.documentHandlers(), ...this.sectionHandlers(), ...sharingHandlers({
        workspaces: this.workspaces,
        userName: () => this.userName,
        setUserName: (name) => (this.userName = name),
        addWorkspace: (name) => this.addWorkspace(name),
        workspace: (id) => this.workspace(id),
        summary: (workspace) => this.summary(workspace),
        sync: (workspace) => this.sync(workspace),
        store: (workspace) => this.store(workspace),
        emit: (event) => this.emit(event),
      }), ...modelHandlers(this), ...this.presence.handlers, ...this.attachments.handlers() };
  }

  readonly lock = {
    state: async () => this.lockState,
    unlock: async (_method: string, passphrase: string | null) => {
      if (passphrase === "wrong") throw problem("wrong-key", "This passphrase does not open the data.", "Check it and try again.");
      this.lockState = { ...this.lockState, state: "open", problem: null };
    },
  };

  async call<K extends keyof Commands>(command: K, args: Commands[K]["args"]): Promise<Commands[K]["reply"]> {
    this.calls.push({ command, args });
    if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay));
    else await Promise.resolve();
    const failures = this.failures.get(command) ?? 0;
    if (failures > 0) {
      this.failures.set(command, failures - 1);
      throw problem("unreachable", "The connection broke.", "Try again.");
    }
    // Replies are copies, as they are when they come from another process.
    return structuredClone(this.handlers[command](structuredClone(args)));
  }

  subscribe(listener: (event: Event) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async openedFile(): Promise<string | null> {
    return null;
  }

  async saveFile(name: string, mime: string, content: string): Promise<string | null> {
    this.saved.push({ name, mime, content });
    return name;
  }

  emit(event: Event): void {
    for (const listener of this.listeners) listener(structuredClone(event));
  }

  /** An edit as it would come from another device. */
  remoteEdit(document: string, section: string, splices: Splice[], client = ""): void {
    const found = this.find(document);
    const { update } = found.edit(section, found.version(section), client, splices);
    if (update) this.emit({ type: "sectionChanged", document, section, update });
  }

  find(id: string): MemoryDocument {
    const document = this.documents.find((candidate) => candidate.id === id);
    if (!document) throw problem("not-found", "This document does not exist.", "Go back to the library.", id);
    return document;
  }

  private addWorkspace(name: string): MemoryWorkspace {
    const workspace = memoryWorkspace(name, this.userName);
    this.workspaces.push(workspace);
    return workspace;
  }

  private workspace(id: string | null): MemoryWorkspace {
    const workspace = id === null ? this.workspaces[0] : this.workspaces.find((candidate) => candidate.id === id);
    if (!workspace) throw problem("not-found", "This workspace does not exist.", "Choose another workspace.");
    return workspace;
  }

  template(id: string, file: string | null = null): TemplateInfo {
    if (file !== null) return templateFromFile(id, file);
    const template = this.templates.find((candidate) => candidate.id === id);
    if (!template) throw problem("not-found", `There is no template “${id}”.`, "Choose one of the templates.");
    return template;
  }

  private sync(workspace: MemoryWorkspace): SyncState {
    const waiting = this.documents.filter((document) => document.workspace === workspace.id).reduce((sum, document) => sum + document.waiting, 0);
    return { ...workspace.sync, waiting: workspace.sync.relay === null ? 0 : waiting };
  }

  private summary(workspace: MemoryWorkspace): WorkspaceSummary {
    const documents = this.documents.filter((document) => document.workspace === workspace.id && document.deleted === null).length;
    const { id, name, role, member, members } = workspace;
    return { id, name, role, documents, member, members: members.length, sync: this.sync(workspace) };
  }

  /** Stores everything at the imagined relay. */
  private store(workspace: MemoryWorkspace): void {
    if (workspace.sync.relay === null) return;
    const now = new Date().toISOString();
    for (const document of this.documents.filter((candidate) => candidate.workspace === workspace.id)) {
      document.waiting = 0;
      for (const entry of document.log) entry.stored = true;
    }
    workspace.sync = { ...workspace.sync, phase: "idle", lastStored: now, lastContact: now, nextTry: null, problem: null };
    this.emit({ type: "syncChanged", state: this.sync(workspace) });
  }

  private structureChanged(document: MemoryDocument): void {
    this.emit({ type: "documentChanged", document: document.id });
    this.emit({ type: "syncChanged", state: this.sync(this.workspace(document.workspace)) });
  }

  private addDocument(document: MemoryDocument): void {
    this.documents.push(document);
    this.emit({ type: "libraryChanged" });
  }

  private documentHandlers() {
    return {
      "app.info": () => ({
        version: "0.1.0",
        dataDir: "In memory; nothing is kept",
        session: this.process,
        userName: this.userName,
        keySource: "keychain" as const,
      }),
      "app.setUserName": ({ name }: Commands["app.setUserName"]["args"]) => {
        this.userName = name;
        for (const workspace of this.workspaces) for (const member of workspace.members) if (member.you) member.name = name;
        this.emit({ type: "workspacesChanged" });
        return {};
      },
      "template.list": () => this.templates,
      "document.list": ({ workspace, deleted }: Commands["document.list"]["args"]) =>
        this.documents
          .filter((document) => (workspace === null || document.workspace === workspace) && (deleted || document.deleted === null))
          .sort((a, b) => b.updated.localeCompare(a.updated))
          .map((document) => document.summary()),
      "document.create": ({ title, template, templateFile, workspace }: Commands["document.create"]["args"]) => {
        const document = MemoryDocument.fromTemplate(title, this.template(template, templateFile), this.workspace(workspace).id);
        this.addDocument(document);
        return document.summary();
      },
      "document.open": ({ document }: Commands["document.open"]["args"]) => this.find(document).view(),
      "document.rename": ({ document, title }: Commands["document.rename"]["args"]) => {
        const found = this.find(document);
        found.renameDocument(title);
        this.emit({ type: "libraryChanged" });
        this.structureChanged(found);
        return found.summary();
      },
      "document.delete": ({ document }: Commands["document.delete"]["args"]) => {
        this.find(document).deleted = new Date().toISOString();
        this.emit({ type: "libraryChanged" });
        return {};
      },
      "document.restore": ({ document }: Commands["document.restore"]["args"]) => {
        this.find(document).deleted = null;
        this.emit({ type: "libraryChanged" });
        return {};
      },
      "document.import": (args: Commands["document.import"]["args"]) => this.import(args),
      "document.export": ({ document, format }: Commands["document.export"]["args"]) => {
        const found = this.find(document);
        const text = format === "markdown" ? found.markdown() : JSON.stringify(found.view(), null, 2);
        const name = `${found.summary().slug}.${format === "markdown" ? "md" : "json"}`;
        const mime = format === "markdown" ? "text/markdown" : "application/json";
        return { name, mime, content: toBase64(new TextEncoder().encode(text)) };
      },
      "document.log": ({ document }: Commands["document.log"]["args"]) => this.find(document).log,
      search: ({ query, document, limit }: Commands["search"]["args"]) =>
        this.search(query)
          .filter((hit) => document === null || hit.document === document)
          .slice(0, limit),
      doctor: () => [{ check: "database.integrity", ok: true, detail: "There is no database.", advice: null }],
    };
  }

  private import({ name, content, template, templateFile, workspace }: Commands["document.import"]["args"]) {
    let source: string;
    try {
      source = new TextDecoder("utf-8", { fatal: true }).decode(fromBase64(content));
    } catch {
      throw problem("bad-input", "The file is not UTF-8 text.", "Save it as UTF-8 and import it again.", name);
    }
    const parts = cutMarkdown(source);
    const title = parts.find((part) => part.level === 1)?.title ?? name.replace(/\.[^.]*$/, "");
    const document = MemoryDocument.fromMarkdown(title, source, this.template(template ?? (templateFile === null ? "full" : name), templateFile), this.workspace(workspace).id);
    this.addDocument(document);
    const views = document.views();
    const matched = views.filter((view) => view.key !== null).length;
    return { id: document.id, title, slug: document.summary().slug, template: document.template.id, sections: views.length, matched, lift: liftPlan(document, []).report };
  }

  private search(query: string): SearchHit[] {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return [];
    const hits: SearchHit[] = [];
    for (const document of this.documents.filter((candidate) => candidate.deleted === null)) {
      for (const view of document.views()) {
        const text = renderReferences(view.text, ({ id }) => document.model.find(id)?.label ?? "(?)").text.replace(/\s+/g, " ");
        if (!words.every((word) => `${view.title} ${text}`.toLowerCase().includes(word))) continue;
        const start = Math.max(0, text.toLowerCase().indexOf(words[0]!) - 60);
        const pattern = new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "gi");
        const excerpt = (start > 0 ? "…" : "") + text.slice(start, start + 180).replace(pattern, "\uE000$&\uE001");
        hits.push({ document: document.id, documentTitle: document.title, section: view.id, sectionTitle: view.title, record: null, collection: null, path: view.path, excerpt });
      }
      hits.push(...searchRecords(document, words));
    }
    return hits;
  }

  private sectionHandlers() {
    return {
      "section.edit": ({ document, section, version, client, splices }: Commands["section.edit"]["args"]) => {
        const { reply, update } = this.find(document).edit(section, version, client, splices);
        if (update) {
          const announce = () => this.emit({ type: "sectionChanged", document, section, update });
          if (this.eventOrder === "before") announce();
          else setTimeout(announce, 0);
          setTimeout(() => this.emit({ type: "syncChanged", state: this.sync(this.workspace(this.find(document).workspace)) }), 0);
        }
        return reply;
      },
      "section.updates": ({ document, section, since }: Commands["section.updates"]["args"]) => this.find(document).updatesSince(section, since),
      "section.add": (args: Commands["section.add"]["args"]) => {
        const document = this.find(args.document);
        const view = document.add(args);
        this.structureChanged(document);
        return view;
      },
      "section.rename": ({ document, section, title }: Commands["section.rename"]["args"]) => this.restructure(document, (found) => found.rename(section, title)),
      "section.move": ({ document, section, parent, after }: Commands["section.move"]["args"]) =>
        this.restructure(document, (found) => found.move(section, parent, after)),
      "section.delete": ({ document, section }: Commands["section.delete"]["args"]) => this.restructure(document, (found) => found.remove(section)),
      "section.restore": ({ document, section }: Commands["section.restore"]["args"]) => this.restructure(document, (found) => found.restore(section)),
    };
  }

  private restructure(document: string, change: (found: MemoryDocument) => void) {
    const found = this.find(document);
    change(found);
    this.structureChanged(found);
    return {};
  }
}

