import { problem } from "../backend/backend";
import type { CheckFinding, Edit, RecordView, Value } from "../backend/generated/api";
import { copyText } from "../lib/clipboard";
import { step, type Direction, type Place } from "../lib/outline";
import { textOf } from "../lib/values";
import type { App } from "../state/app.svelte";
import type { OpenDocument } from "../state/document.svelte";
import { MAX_RULES_BYTES } from "../state/project-rules";
import { addressOf, type Page } from "../state/navigation.svelte";
import { inDocument, type Action } from "./action";

/** The page that shows the records of a collection. */
const PAGE_OF: Record<string, Page> = {
  elements: "model",
  relationships: "model",
  flows: "flows",
  steps: "flows",
  decisions: "decisions",
  alternatives: "decisions",
  suppressions: "check",
};

export function pageOf(collection: string): Page {
  return PAGE_OF[collection] ?? "operations";
}

/** Brings the details into view. */
export function showDetails(app: App): void {
  if (app.settings.layout === "wide") app.settings.set({ inspector: true });
  else app.dialogs.drawer = "inspector";
}

/** Puts a record into the details; the page stays. */
export function inspect(app: App, id: string, field: string | null = null): void {
  app.select(id, field);
  showDetails(app);
}

/** Closes a record's details beside the page; a page that is about one record stays at it. */
export function closeDetails(app: App): void {
  if (app.navigation.page !== "flows" && app.navigation.page !== "decisions") return app.select(null);
  app.settings.set({ inspector: false });
}

/** The record whose page shows a record: a step's flow, an alternative's decision. */
function shownAt(app: App, record: RecordView): string {
  const schema = app.document?.model.schema;
  const owner = schema?.collection(record.collection).owner;
  const above = owner && pageOf(record.collection) !== "operations" ? textOf(record, owner) : "";
  return above || record.id;
}

/** Goes to the page of a record. */
export function openRecord(app: App, id: string, field: string | null = null): void {
  const record = app.document?.model.get(id);
  if (!record) return;
  app.openPage(pageOf(record.collection), shownAt(app, record));
  app.select(id, field);
  if (record.collection !== "decisions" && record.collection !== "flows") showDetails(app);
}

/** Opens a record that a search found, in whatever document. */
export function openFound(app: App, document: string, id: string, collection: string): void {
  const page = pageOf(collection);
  app.openPage(page, id, document);
  if (page !== "flows" && page !== "decisions") showDetails(app);
}

/** Adds a record, puts it into the details, and says so only when that fails. */
export async function addRecord(app: App, document: OpenDocument, collection: string, fields: Record<string, Value>, after: string | null = null): Promise<string | null> {
  const id = await document.model.add(collection, fields, after);
  if (id) app.select(id);
  return id;
}

/** Deletes records with what belongs to them, and offers to take that back. */
export async function deleteRecords(app: App, document: OpenDocument, ids: readonly string[]): Promise<boolean> {
  if (ids.length === 0) return false;
  const applied = await document.model.change(ids.map((id): Edit => ({ do: "delete", id })));
  if (!applied) return false;
  if (document.model.selected !== null && ids.includes(document.model.selected)) app.select(null);
  app.toasts.say(`${applied.summary}.`, { label: "Undo", run: () => void app.attempt(() => app.undo.undo()) });
  return true;
}

/** Records as the outline's arithmetic takes them: in order, with what they are nested in. */
function places(records: readonly RecordView[]) {
  return records.map(({ id, parent }) => ({ id, parent }));
}

/** Puts a record somewhere else among its like. */
export async function placeRecord(document: OpenDocument, record: RecordView, to: Place): Promise<boolean> {
  const nesting = document.model.schema?.collection(record.collection).nesting ?? null;
  const edits: Edit[] = [];
  if (nesting && record.parent !== to.parent) edits.push({ do: "set", id: record.id, field: nesting, value: to.parent });
  edits.push({ do: "move", id: record.id, after: to.after });
  const where = to.parent ? ` into ${document.model.label(to.parent)}` : "";
  return (await document.model.change(edits, { summary: `Moved ${record.label}${nesting && record.parent !== to.parent ? where || " to the top" : ""}` })) !== null;
}

/** One step among those it stands with, such as all steps of a flow. */
export async function stepRecord(document: OpenDocument, record: RecordView, among: readonly RecordView[], direction: Direction): Promise<boolean> {
  const place = step(places(among), record.id, direction);
  return place ? placeRecord(document, record, place) : false;
}

export async function copyRecordPath(app: App, path: string): Promise<void> {
  app.toasts.say((await copyText(path)) ? `Copied ${path}.` : "The clipboard is not available here.");
}

/** Copies the address of an element; in a text of the same document it becomes a mention. */
export async function copyElementLink(app: App, document: OpenDocument, record: RecordView): Promise<void> {
  // The window's own address means nothing elsewhere.
  const page = app.backend.host === "browser" ? `${location.origin}${location.pathname}` : "";
  const copied = await copyText(`${page}${addressOf({ view: "document", document: document.id, section: null, page: "model", record: record.id })}`);
  app.toasts.say(copied ? `Copied ${record.label}. Pasted into the text, it becomes a mention.` : "The clipboard is not available here.");
}

/** Goes to where a finding is: the text, or the field. */
export function openFinding(app: App, document: OpenDocument, finding: CheckFinding): void {
  if (finding.record) return openRecord(app, finding.record, finding.field);
  if (!finding.section) return;
  app.navigation.go({ view: "document", document: document.id, section: finding.section });
  document.scrollTo(finding.section);
  if (app.settings.mode !== "read") document.edit(finding.section, "start");
}

/** Applies the fix of a finding. */
export async function fixFinding(app: App, document: OpenDocument, finding: CheckFinding): Promise<void> {
  await app.attempt(async () => {
    await document.flush();
    const applied = await app.backend.call("check.fix", { document: document.id, finding: finding.id, rules: document.check.project?.text ?? null });
    document.model.remember(applied);
    app.toasts.say(`${applied.summary}.`, { label: "Undo", run: () => void app.attempt(() => app.undo.undo()) });
    await document.check.run();
  });
}

/** Lets someone choose the file with the project's rules; what is wrong with it stands on the page. */
export function chooseRules(app: App, document: OpenDocument): void {
  app.dialogs.pickFile(async ([file]) => {
    if (!file) return;
    await app.attempt(async () => {
      document.check.refused = null;
      app.openPage("check");
      if (file.size > MAX_RULES_BYTES) throw problem("too-large", `The file has ${Math.ceil(file.size / 1024)} KiB; rules may have ${MAX_RULES_BYTES / 1024}.`, "Keep only rules in it.", file.name);
      await document.flush();
      if (await document.check.use({ name: file.name, text: await readText(file) })) app.toasts.say(`Checked with the rules in ${file.name}. Choose the file again when it has changed.`);
    });
  }, ".toml,text/plain,application/toml");
}

async function readText(file: File): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw problem("bad-input", "The rules are not UTF-8.", "Save the file as UTF-8.", file.name);
  }
}

/** Accepts a finding as it is, with a reason that lives in the document. */
export async function suppressFinding(app: App, document: OpenDocument, finding: CheckFinding, reason: string, everywhere: boolean): Promise<boolean> {
  const fields: Record<string, Value> = { rule: finding.rule, reason, by: app.info?.userName ?? "", date: new Date().toISOString().slice(0, 10) };
  if (!everywhere) fields["place"] = finding.place;
  for (const [name, value] of Object.entries(fields)) if (value === "") delete fields[name];
  const applied = await document.model.change([{ do: "add", collection: "suppressions", id: null, fields, after: null }], { summary: `Accepted a finding of ${finding.rule}` });
  if (applied) await document.check.run();
  return applied !== null;
}

/** Takes the accepted finding's reason back, so that it counts again. */
export async function unsuppress(app: App, document: OpenDocument, finding: CheckFinding): Promise<void> {
  const found = document.model.list("suppressions").filter((record) => textOf(record, "rule") === finding.rule && ["", finding.place].includes(textOf(record, "place")));
  await deleteRecords(app, document, found.map(({ id }) => id));
  await document.check.run();
}

const pages: [Page, string, string][] = [
  ["write", "Write: the text", "prose sections outline"],
  ["model", "Model: elements and relationships", "components containers table cards"],
  ["flows", "Flows: what happens, step by step", "sequence use case data flow"],
  ["decisions", "Decisions: the log", "adr alternatives"],
  ["operations", "Operations: environments and concerns", "deployment security scaling risks glossary"],
  ["check", "Check: what is missing or wrong", "findings rules lint problems"],
];

const selectedRecord = (app: App) => app.document?.model.get(app.document.model.selected) ?? null;
const atRecord = (app: App) => selectedRecord(app) !== null;

const directions: [Direction, string][] = [
  ["up", "Move the record up"],
  ["down", "Move the record down"],
  ["in", "Nest the record in the one before"],
  ["out", "Move the record out one level"],
];

/** What a record moves among: all of its collection, or those with the same owner. */
export function siblingsOf(document: OpenDocument, record: RecordView): readonly RecordView[] {
  const owner = document.model.schema?.collection(record.collection).owner;
  const list = document.model.list(record.collection);
  return owner ? list.filter((other) => textOf(other, owner) === textOf(record, owner)) : list;
}

export const modelActions: Action[] = [
  ...pages.map(([page, title, keywords], index): Action => ({
    id: `page.${page}`,
    title,
    group: "Pages",
    shortcut: `Alt+${index + 1}`,
    keywords: `page tab ${keywords}`,
    available: inDocument,
    run: (app) => app.openPage(page),
  })),
  {
    id: "element.add",
    writes: true,
    title: "Add an element…",
    group: "Model",
    shortcut: "Alt+E",
    keywords: "new component container system person",
    available: inDocument,
    run: (app) => app.dialogs.open({ kind: "addRecord", collection: "elements", fields: {} }),
  },
  ...[
    ["relationships", "relationship", "uses calls dependency"],
    ["flows", "flow", "use case sequence"],
    ["decisions", "decision", "adr"],
    ["environments", "environment", "deployment"],
    ["concerns", "concern", "security scaling resilience observability"],
    ["risks", "risk", "debt"],
    ["terms", "glossary term", "word definition"],
  ].map(([collection = "", singular = "", keywords = ""]): Action => ({
    id: `record.add.${collection}`,
    writes: true,
    title: `Add a ${singular}…`.replace("a environment", "an environment"),
    group: "Model",
    keywords: `new ${keywords}`,
    available: inDocument,
    run: (app) => app.dialogs.open({ kind: "addRecord", collection, fields: {} }),
  })),
  {
    id: "record.delete",
    writes: true,
    title: "Delete the record",
    group: "Model",
    keywords: "remove element trash",
    available: atRecord,
    run: (app) => {
      const record = selectedRecord(app);
      return app.document && record ? deleteRecords(app, app.document, [record.id]) : undefined;
    },
  },
  ...directions.map(([direction, title]): Action => ({
    id: `record.move.${direction}`,
    writes: true,
    title,
    group: "Model",
    keywords: "order nest element step",
    available: (app) => atRecord(app) && app.navigation.page !== "write",
    run: (app) => {
      const record = selectedRecord(app);
      return app.document && record ? stepRecord(app.document, record, siblingsOf(app.document, record), direction) : undefined;
    },
  })),
  {
    id: "record.copyPath",
    title: "Copy the record's path for the command line",
    group: "Model",
    keywords: "terminal cli",
    available: atRecord,
    run: (app) => copyRecordPath(app, selectedRecord(app)?.path ?? ""),
  },
  {
    id: "model.lift",
    writes: true,
    title: "Lift into the model…",
    group: "Model",
    keywords: "import understand prose mermaid extract",
    available: inDocument,
    run: (app) => app.dialogs.open({ kind: "lift" }),
  },
  {
    id: "document.trash",
    title: "Open the trash…",
    group: "Document",
    keywords: "deleted restore bin",
    available: inDocument,
    run: (app) => app.dialogs.open({ kind: "trash" }),
  },
  {
    id: "document.template",
    writes: true,
    title: "Change the template…",
    group: "Document",
    keywords: "full compact arc42",
    available: inDocument,
    run: (app) => app.dialogs.open({ kind: "template" }),
  },
  {
    id: "decisions.files",
    writes: true,
    title: "Import or export decision records…",
    group: "Model",
    keywords: "adr madr adr-tools log4brains",
    available: inDocument,
    run: (app) => app.dialogs.open({ kind: "decisionFiles" }),
  },
  {
    id: "check.run",
    title: "Check the document now",
    group: "Check",
    shortcut: "Mod+Shift+K",
    keywords: "rules lint findings problems",
    available: inDocument,
    run: async (app) => {
      app.openPage("check");
      await app.document?.flush();
      await app.document?.check.run();
    },
  },
  {
    id: "check.rules",
    title: "Check with the project's rules…",
    group: "Check",
    keywords: "drystone.toml own severity layers technologies file",
    available: inDocument,
    run: (app) => {
      app.dialogs.close();
      if (app.document) chooseRules(app, app.document);
    },
  },
];
