import type { Shortcut } from "../lib/keymap";
import type { App } from "../state/app.svelte";

export type ActionGroup = "Documents" | "Document" | "Pages" | "Section" | "Model" | "Check" | "Sharing" | "View" | "Undo";

/** Something a person can do. Menus, buttons, shortcuts and the palette all start it from here. */
export interface Action {
  /** Stable name. */
  id: string;
  title: string;
  group: ActionGroup;
  shortcut?: Shortcut;
  /** Other words people may look for. */
  keywords?: string;
  /** Whether it makes sense now. */
  available(app: App): boolean;
  /** Changes a document or adds one: not for readers. */
  writes?: boolean;
  run(app: App): unknown;
}

/** Whether an action is offered: it makes sense now, and this person may do it. */
export const offered = (app: App, action: Action): boolean => action.available(app) && (!action.writes || app.mayWrite);

export const always = (): boolean => true;
export const inDocument = (app: App): boolean => app.document !== null;
export const atSection = (app: App): boolean => currentSection(app) !== null;
export const inLibrary = (app: App): boolean => app.navigation.place.view === "library";

/** The section that section actions are about. */
export function currentSection(app: App) {
  const document = app.document;
  // On the other pages nobody sees which section would be meant.
  if (!document || app.navigation.page !== "write") return null;
  const id = document.editing?.section ?? document.current;
  const section = id === null ? null : document.section(id);
  return section && { document, section };
}
