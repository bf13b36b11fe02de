import { matches, takesText } from "../lib/keymap";
import type { App } from "../state/app.svelte";
import { offered, type Action } from "./action";
import { attachmentActions } from "./attachments";
import { documentActions } from "./documents";
import { mentionActions } from "./mention";
import { modelActions } from "./model";
import { presenceActions } from "./presence";
import { sectionActions } from "./sections";
import { recoveryActions } from "./recovery";
import { sharingActions } from "./sharing";
import { undoActions, viewActions } from "./view";

/** Every action, once. */
export const actions: readonly Action[] = [...documentActions, ...sectionActions, ...attachmentActions, ...mentionActions, ...modelActions, ...sharingActions, ...presenceActions, ...recoveryActions, ...viewActions, ...undoActions];

const byId = new Map(actions.map((action) => [action.id, action]));

/** An action by its id; ids are written in the source, so a wrong one is a defect. */
export function action(id: string): Action {
  const found = byId.get(id);
  if (!found) throw new Error(`there is no action ${id}`);
  return found;
}

/** Runs an action, if it makes sense now. */
export function run(app: App, id: string): void {
  const found = action(id);
  if (offered(app, found)) void app.attempt(() => found.run(app));
}

/** Whether a shortcut is a plain key, which belongs to the text while someone types. */
function isPlain(shortcut: string): boolean {
  return !/(Mod|Ctrl|Alt)\+/.test(shortcut) && !/^F\d/.test(shortcut);
}

/** Runs the action of a key press; returns whether there was one. */
export function handleKey(app: App, event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing) return false;
  const typing = takesText(event.target);
  // Taking back a change of structure is the obvious meaning of undo outside of text.
  if (!typing && matches("Mod+Z", event)) return runKey(app, event, action("undo.structure"));
  if (!typing && (matches("Mod+Shift+Z", event) || matches("Mod+Y", event))) return runKey(app, event, action("redo.structure"));
  for (const candidate of actions) {
    if (!candidate.shortcut || !matches(candidate.shortcut, event)) continue;
    if (typing && isPlain(candidate.shortcut)) continue;
    // A dialog keeps the keys to itself; only the palette's own shortcut closes it again.
    if (app.dialogs.current && candidate.id !== "view.palette" && !candidate.id.startsWith("view.zoom")) continue;
    return runKey(app, event, candidate);
  }
  return false;
}

function runKey(app: App, event: KeyboardEvent, found: Action): boolean {
  if (!offered(app, found)) return false;
  event.preventDefault();
  void app.attempt(() => found.run(app));
  return true;
}
