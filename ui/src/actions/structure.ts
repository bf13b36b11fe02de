import type { MoveSection, TemplateSlot } from "../backend/generated/api";
import { plainTitle } from "../lib/plain-title";
import { placeOf, step, type Direction, type Place } from "../lib/outline";
import type { App } from "../state/app.svelte";
import type { OpenDocument } from "../state/document.svelte";
import type { Section } from "../state/section.svelte";
import type { Step } from "../state/undo.svelte";

/** Does a step, remembers how to take it back, and says so where that helps. */
async function doStep(app: App, label: string, redo: Step["redo"], undo: Step["undo"], offerUndo = false): Promise<boolean> {
  return app.attempt(async () => {
    await redo();
    const done = { label, redo, undo };
    app.undo.push(done);
    if (offerUndo) app.toasts.say(`${label}.`, { label: "Undo", run: () => void app.attempt(() => app.undo.undo(done)) });
  });
}

const named = (title: string) => `“${plainTitle(title) || "Untitled"}”`;

export function renameSection(app: App, document: OpenDocument, section: Section, title: string): Promise<boolean> {
  const wanted = title.replace(/\s+/g, " ").trim();
  const before = section.title;
  if (wanted === "" || wanted === before) return Promise.resolve(true);
  const isTitle = document.titleSection === section;
  const rename = async (to: string) => {
    await app.backend.call("section.rename", { document: document.id, section: section.id, title: to });
    // The first heading is the document's title as well; the core may already have renamed both.
    if (isTitle) await renameToo(app, document.id, plainTitle(to));
  };
  section.title = wanted;
  return doStep(app, `Renamed ${named(before)} to ${named(wanted)}`, () => rename(wanted), () => rename(before)).then((done) => {
    if (!done) section.title = before;
    return done;
  });
}

async function renameToo(app: App, document: string, title: string): Promise<void> {
  const { summary } = await app.backend.call("document.open", { document });
  if (summary.title !== title) await app.backend.call("document.rename", { document, title });
}

export function moveSection(app: App, document: OpenDocument, id: string, to: Place): Promise<boolean> {
  const from = placeOf(document.sections, id);
  const section = document.section(id);
  if (!from || !section || (from.parent === to.parent && from.after === to.after)) return Promise.resolve(true);
  const move = async (place: Place) => {
    const args: MoveSection = { document: document.id, section: id, ...place };
    await app.backend.call("section.move", args);
    await document.reload();
  };
  return doStep(app, `Moved ${named(section.title)}`, () => move(to), () => move(from));
}

export function stepSection(app: App, document: OpenDocument, id: string, direction: Direction): Promise<boolean> {
  const place = step(document.sections, id, direction);
  return place ? moveSection(app, document, id, place) : Promise.resolve(false);
}

export function deleteSection(app: App, document: OpenDocument, section: Section): Promise<boolean> {
  const args = { document: document.id, section: section.id };
  const remove = async () => {
    await document.sync(section.id)?.flush();
    await app.backend.call("section.delete", args);
  };
  if (document.editing?.section === section.id) document.stopEditing();
  return doStep(app, `Deleted ${named(section.title)}`, remove, () => app.backend.call("section.restore", args), true);
}

/** Adds a section and starts naming it, or fills a place of the template and starts writing. */
export async function addSection(app: App, document: OpenDocument, place: Place, slot: TemplateSlot | null = null): Promise<void> {
  await app.attempt(async () => {
    const title = slot?.title ?? "New section";
    const args = { document: document.id, title, key: slot?.key ?? null, ...place };
    const added = await app.backend.call("section.add", args);
    const section = { document: document.id, section: added.id };
    app.undo.push({
      label: `Added ${named(added.title)}`,
      undo: () => app.backend.call("section.delete", section),
      redo: () => app.backend.call("section.restore", section),
    });
    await document.reload();
    document.scrollTo(added.id);
    if (slot && !slot.repeatable) document.edit(added.id, "start");
    else document.renaming = added.id;
  });
}

/** A new section after this one, on the same level. */
export function addAfter(app: App, document: OpenDocument, section: Section | null): Promise<void> {
  if (section && section !== document.titleSection) return addSection(app, document, { parent: section.parent, after: section.id });
  const parent = document.titleSection?.id ?? null;
  const last = document.sections.filter((candidate) => candidate.parent === parent).at(-1);
  return addSection(app, document, { parent, after: last?.id ?? null });
}

export function renameDocument(app: App, id: string, before: string, title: string): Promise<boolean> {
  const wanted = title.trim();
  if (wanted === "" || wanted === before) return Promise.resolve(true);
  const rename = (to: string) => app.backend.call("document.rename", { document: id, title: to });
  return doStep(app, `Renamed ${named(before)} to ${named(wanted)}`, () => rename(wanted), () => rename(before));
}

export async function deleteDocument(app: App, id: string, title: string): Promise<boolean> {
  if (app.document?.id === id) app.openLibrary();
  const args = { document: id };
  const remove = () => app.backend.call("document.delete", args);
  return doStep(app, `Deleted ${named(title)}`, remove, () => app.backend.call("document.restore", args), true);
}
