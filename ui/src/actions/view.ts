import type { App } from "../state/app.svelte";
import type { Mode, Theme } from "../state/settings.svelte";
import { always, inDocument, type Action } from "./action";

const themes: [Theme, string][] = [
  ["light", "Light appearance"],
  ["dark", "Dark appearance"],
  ["system", "Appearance as the system has it"],
];

const modes: [Mode, string, string][] = [
  ["write", "Write", "Mod+Alt+1"],
  ["split", "Write with a live preview", "Mod+Alt+2"],
  ["read", "Read", "Mod+Alt+3"],
];

/** Shows or hides a side of the document; as a drawer where there is no room beside the page. */
function toggleSide(app: App, side: "outline" | "inspector"): void {
  const { layout } = app.settings;
  const asDrawer = layout === "phone" || layout === "narrow" || (side === "inspector" && layout === "medium");
  if (asDrawer) app.dialogs.drawer = app.dialogs.drawer === side ? null : side;
  else app.settings.set({ [side]: !app.settings[side] });
}

export const viewActions: Action[] = [
  {
    id: "view.palette",
    title: "Find an action",
    group: "View",
    shortcut: "Mod+K",
    available: always,
    run: (app) => (app.dialogs.current?.kind === "palette" ? app.dialogs.close() : app.dialogs.open({ kind: "palette" })),
  },
  {
    id: "view.shortcuts",
    title: "Keyboard shortcuts",
    group: "View",
    shortcut: "?",
    keywords: "keys help",
    available: always,
    run: (app) => app.dialogs.open({ kind: "shortcuts" }),
  },
  ...modes.map(([mode, title, shortcut]): Action => ({
    id: `view.mode.${mode}`,
    title,
    group: "View",
    shortcut,
    keywords: "mode preview source",
    available: inDocument,
    run: (app) => {
      if (mode === "read") app.document?.stopEditing();
      if (app.navigation.page !== "write") app.openPage("write");
      app.settings.set({ mode });
    },
  })),
  {
    id: "view.outline",
    title: "Show or hide the outline",
    group: "View",
    shortcut: "Mod+Alt+O",
    keywords: "sidebar contents",
    available: (app) => inDocument(app) && app.navigation.page === "write",
    run: (app) => toggleSide(app, "outline"),
  },
  {
    id: "view.inspector",
    title: "Show or hide the details",
    group: "View",
    shortcut: "Mod+Alt+I",
    keywords: "inspector guidance history log path",
    available: inDocument,
    run: (app) => toggleSide(app, "inspector"),
  },
  ...themes.map(([theme, title]): Action => ({
    id: `view.theme.${theme}`,
    title,
    group: "View",
    keywords: "theme colour color mode",
    available: (app) => app.settings.theme !== theme,
    run: (app) => app.settings.set({ theme }),
  })),
  { id: "view.zoomIn", title: "Larger", group: "View", shortcut: "Mod++", keywords: "zoom in text size", available: always, run: (app) => app.settings.zoomBy(1) },
  { id: "view.zoomOut", title: "Smaller", group: "View", shortcut: "Mod+-", keywords: "zoom out text size", available: always, run: (app) => app.settings.zoomBy(-1) },
  { id: "view.zoomReset", title: "Normal size", group: "View", shortcut: "Mod+0", keywords: "zoom reset 100", available: always, run: (app) => app.settings.set({ zoom: 1 }) },
  { id: "view.about", title: "About Drystone", group: "View", keywords: "version data folder", available: always, run: (app) => app.dialogs.open({ kind: "about" }) },
];

export const undoActions: Action[] = [
  {
    id: "undo.structure",
    writes: true,
    title: "Undo the last change outside of the text",
    group: "Undo",
    shortcut: "Mod+Alt+Z",
    available: (app) => app.undo.nextUndo !== null,
    run: (app) =>
      app.attempt(async () => {
        const label = await app.undo.undo();
        if (label) app.toasts.say(`Taken back: ${label}.`);
      }),
  },
  {
    id: "redo.structure",
    writes: true,
    title: "Redo the last change outside of the text",
    group: "Undo",
    shortcut: "Mod+Alt+Shift+Z",
    available: (app) => app.undo.nextRedo !== null,
    run: (app) =>
      app.attempt(async () => {
        const label = await app.undo.redo();
        if (label) app.toasts.say(`Done again: ${label}.`);
      }),
  },
];
