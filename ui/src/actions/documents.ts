import type { ExportFormat } from "../backend/generated/api";
import { counted } from "../lib/wording";
import type { App } from "../state/app.svelte";
import type { ImportOptions } from "../state/library.svelte";
import { always, inDocument, type Action } from "./action";
import { deleteDocument } from "./structure";

const MAX_FILES = 50;

/** Imports files one after the other and opens the only or last one. */
export async function importFiles(app: App, files: readonly File[], options?: ImportOptions): Promise<void> {
  for (const file of files.slice(0, MAX_FILES)) {
    await app.attempt(async () => {
      const imported = await app.library.import(file, options);
      const sections = counted(imported.sections, "section");
      const { lifted, left } = imported.lift;
      const understood = lifted > 0 ? ` ${counted(lifted, "thing")} in the model.` : "";
      const more = files.length === 1 && left > 0 ? { label: "Lift more…", run: () => liftInto(app, imported.id) } : null;
      app.toasts.say(`Imported “${imported.title}”: ${sections}, ${imported.matched} of them places of the template.${understood}`, more);
      if (files.length === 1) app.openPlace(imported.id);
    });
  }
  if (files.length > MAX_FILES) app.toasts.say(`Only the first ${MAX_FILES} files were imported.`);
}

/** Offers to lift more, as soon as the document is open. */
function liftInto(app: App, id: string): void {
  if (app.document?.id !== id) app.openPlace(id);
  app.dialogs.open({ kind: "lift" });
}

/** Exports a document to a file of the person's choice. */
export async function exportDocument(app: App, id: string, format: ExportFormat): Promise<void> {
  await app.attempt(async () => {
    if (app.document?.id === id) await app.document.flush();
    const { name, mime, content } = await app.backend.call("document.export", { document: id, format });
    const saved = await app.backend.saveFile(name, mime, content);
    if (saved !== null) app.toasts.say(`Exported to ${saved}.`);
  });
}

const exportAs = (format: ExportFormat) => (app: App) => app.document && exportDocument(app, app.document.id, format);

export const documentActions: Action[] = [
  {
    id: "library.open",
    title: "Go to the library",
    group: "Documents",
    shortcut: "Mod+Shift+L",
    keywords: "home all documents back",
    available: inDocument,
    run: (app) => app.openLibrary(),
  },
  {
    id: "document.new",
    writes: true,
    title: "New document from a template…",
    group: "Documents",
    shortcut: "Alt+N",
    keywords: "create add",
    available: always,
    run: (app) => app.dialogs.open({ kind: "newDocument" }),
  },
  {
    id: "document.import",
    writes: true,
    title: "Import Markdown files…",
    group: "Documents",
    shortcut: "Mod+O",
    keywords: "open file upload",
    available: always,
    run: (app) => {
      app.dialogs.close();
      app.dialogs.pickFile();
    },
  },
  {
    id: "document.importWith",
    writes: true,
    title: "Import with a template of your choice…",
    group: "Documents",
    keywords: "open file upload lift markdown options",
    available: always,
    run: (app) => app.dialogs.open({ kind: "import" }),
  },
  {
    id: "library.search",
    title: "Search everything",
    group: "Documents",
    shortcut: "Mod+Shift+F",
    keywords: "find",
    available: always,
    run: (app) => {
      app.dialogs.close();
      app.dialogs.focusSearch();
    },
  },
  {
    id: "document.save",
    title: "Save now",
    group: "Document",
    shortcut: "Mod+S",
    keywords: "write store",
    available: inDocument,
    run: async (app) => {
      await app.document?.flush();
      if (app.document && !app.document.saving) app.toasts.say("Everything is saved on this device. It always is, a moment after you typed it.");
    },
  },
  {
    id: "document.exportMarkdown",
    title: "Export as Markdown…",
    group: "Document",
    shortcut: "Mod+Shift+S",
    keywords: "save download md",
    available: inDocument,
    run: exportAs("markdown"),
  },
  {
    id: "document.exportJson",
    title: "Export as JSON…",
    group: "Document",
    keywords: "save download data",
    available: inDocument,
    run: exportAs("json"),
  },
  {
    id: "document.rename",
    writes: true,
    title: "Rename the document…",
    group: "Document",
    keywords: "title",
    available: inDocument,
    run: ({ document, dialogs }) => document && dialogs.open({ kind: "renameDocument", id: document.id, title: document.summary.title }),
  },
  {
    id: "document.delete",
    writes: true,
    title: "Delete the document",
    group: "Document",
    keywords: "remove trash",
    available: inDocument,
    run: (app) => app.document && deleteDocument(app, app.document.id, app.document.summary.title),
  },
];
