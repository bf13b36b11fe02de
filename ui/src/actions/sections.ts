import { copyText } from "../lib/clipboard";
import type { Direction } from "../lib/outline";
import type { App } from "../state/app.svelte";
import { atSection, currentSection, inDocument, type Action } from "./action";
import { addAfter, deleteSection, stepSection } from "./structure";

/** Copies the path that the command line uses for a section. */
export async function copyPath(app: App, path: string): Promise<void> {
  if (await copyText(path)) app.toasts.say(`Copied ${path}.`);
  else app.toasts.say("The clipboard is not available here.");
}

function go(app: App, distance: number): void {
  const document = app.document;
  if (!document) return;
  const list = document.sections;
  const at = list.findIndex((section) => section.id === (document.editing?.section ?? document.current));
  const next = list[Math.min(list.length - 1, Math.max(0, at + distance))];
  if (!next) return;
  if (document.editing) document.edit(next.id, "start");
  document.scrollTo(next.id);
}

const directions: [Direction, string, string][] = [
  ["up", "Move the section up", "Alt+Shift+ArrowUp"],
  ["down", "Move the section down", "Alt+Shift+ArrowDown"],
  ["in", "Nest the section in the one before", "Alt+Shift+ArrowRight"],
  ["out", "Move the section out one level", "Alt+Shift+ArrowLeft"],
];

export const sectionActions: Action[] = [
  {
    id: "section.edit",
    writes: true,
    title: "Write in this section",
    group: "Section",
    shortcut: "Mod+Enter",
    keywords: "edit text",
    available: atSection,
    run: (app) => {
      const at = currentSection(app);
      if (!at) return;
      if (app.settings.mode === "read") app.settings.set({ mode: "write" });
      if (at.document.editing) at.document.stopEditing();
      else at.document.edit(at.section.id);
    },
  },
  {
    id: "section.add",
    writes: true,
    title: "Add a section",
    group: "Section",
    shortcut: "Mod+Shift+Enter",
    keywords: "new heading insert",
    available: inDocument,
    run: (app) => app.document && addAfter(app, app.document, currentSection(app)?.section ?? null),
  },
  {
    id: "section.rename",
    writes: true,
    title: "Rename the section",
    group: "Section",
    shortcut: "F2",
    keywords: "heading title",
    available: atSection,
    run: (app) => {
      const at = currentSection(app);
      if (!at || at.section.level === 0) return;
      at.document.stopEditing();
      at.document.renaming = at.section.id;
    },
  },
  ...directions.map(([direction, title, shortcut]): Action => ({
    id: `section.move.${direction}`,
    writes: true,
    title,
    group: "Section",
    shortcut,
    keywords: "order level indent",
    available: atSection,
    run: (app) => {
      const at = currentSection(app);
      return at ? stepSection(app, at.document, at.section.id, direction).then(() => {}) : undefined;
    },
  })),
  {
    id: "section.delete",
    writes: true,
    title: "Delete the section",
    group: "Section",
    keywords: "remove",
    available: atSection,
    run: (app) => {
      const at = currentSection(app);
      return at ? deleteSection(app, at.document, at.section).then(() => {}) : undefined;
    },
  },
  {
    id: "section.copyPath",
    title: "Copy the section's path for the command line",
    group: "Section",
    keywords: "terminal cli",
    available: atSection,
    run: (app) => {
      const at = currentSection(app);
      return at ? copyPath(app, at.section.path) : undefined;
    },
  },
  {
    id: "section.next",
    title: "Go to the next section",
    group: "Section",
    shortcut: "Mod+Alt+ArrowDown",
    available: inDocument,
    run: (app) => go(app, 1),
  },
  {
    id: "section.previous",
    title: "Go to the previous section",
    group: "Section",
    shortcut: "Mod+Alt+ArrowUp",
    available: inDocument,
    run: (app) => go(app, -1),
  },
];
