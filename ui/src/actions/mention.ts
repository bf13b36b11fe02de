import { problem } from "../backend/backend";
import { encodeReference } from "../lib/reference";
import { randomHex } from "../lib/random";
import type { App } from "../state/app.svelte";
import type { OpenDocument } from "../state/document.svelte";
import type { Action } from "./action";

/** Digits of a record's id. */
const ID_BYTES = 8;
/** A longer selection is not a name. */
const LONGEST_NAME = 120;

/** A mention of a record, as it stands in a text. */
export function mentionOf(id: string, field = "name"): string {
  return encodeReference({ id, field, hint: "" });
}

interface Selected {
  document: OpenDocument;
  section: string;
  from: number;
  to: number;
  name: string;
}

/** What is selected in the editor, if it may be a name. */
function selectedName(app: App): Selected | null {
  const document = app.document;
  const section = document?.editing?.section;
  const state = section ? document?.sync(section)?.state : null;
  if (!document || !section || !state) return null;
  const { from, to } = state.selection.main;
  const raw = state.sliceDoc(from, to);
  // Marks such as ** around a name are not part of it.
  const lead = /^[\s*_`"“]*/.exec(raw)?.[0].length ?? 0;
  const name = raw.replace(/^[\s*_`"“]+|[\s*_`"”]+$/g, "");
  if (name === "" || name.length > LONGEST_NAME || /[\n\uE020\uE021]/.test(name)) return null;
  return { document, section, from: from + lead, to: from + lead + name.length, name };
}

function replace(document: OpenDocument, section: string, from: number, to: number, insert: string): void {
  const sync = document.sync(section);
  if (!sync) return;
  sync.dispatch(sync.state.update({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, userEvent: "input.mention" }));
}

/** Makes an element of the selected words, or links them to the one that has that name. */
export function makeElement(app: App): void {
  const selected = selectedName(app);
  if (!selected) return;
  const { document, section, name } = selected;
  const known = document.model.namesToElements.get(name.toLowerCase());
  if (known) {
    replace(document, section, selected.from, selected.to, mentionOf(known.id));
    app.toasts.say(`Linked to ${known.label}.`);
    return;
  }
  app.dialogs.open({ kind: "makeElement", name, make: (wanted, kind) => addMentioned(app, selected, wanted, kind) });
}

/** Adds the element and mentions it, as one change. */
async function addMentioned(app: App, selected: Selected, name: string, kind: string): Promise<void> {
  const { document, section } = selected;
  const sync = document.sync(section);
  await document.flush();
  if (!sync || sync.dirty) throw problem("busy", "The text could not be saved yet, so no element was made of it.", "Try again when everything is saved.");
  // The text may have changed while the question was open.
  const { text } = sync;
  const from = text.slice(selected.from, selected.to) === selected.name ? selected.from : text.indexOf(selected.name);
  const id = randomHex(ID_BYTES);
  const mention = mentionOf(id);
  const sections = from < 0 ? [] : [{ section, title: null, text: text.slice(0, from) + mention + text.slice(from + selected.name.length) }];
  const applied = await document.model.change([{ do: "add", collection: "elements", id, fields: { name, kind }, after: null }], { sections, summary: `Made the element ${name} from the text` });
  if (!applied) return;
  await sync.catchUp();
  document.edit(section, from < 0 ? "end" : Math.min(from + mention.length, sync.text.length));
  app.toasts.say(`${name} is in the model.`, { label: "Undo", run: () => void app.attempt(() => app.undo.undo()) });
}

export const mentionActions: Action[] = [
  {
    id: "element.make",
    writes: true,
    title: "Make the selected words an element",
    group: "Section",
    shortcut: "Mod+Shift+E",
    keywords: "mention link model lift create",
    available: (app) => selectedName(app) !== null,
    run: makeElement,
  },
];
