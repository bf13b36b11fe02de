import { beforeEach, expect, it } from "vitest";
import { addSection, deleteDocument, deleteSection, moveSection, renameDocument, renameSection, stepSection } from "../src/actions/structure";
import { MemoryBackend } from "../src/backend/memory";
import { toBase64 } from "../src/lib/base64";
import { App } from "../src/state/app.svelte";
import type { OpenDocument } from "../src/state/document.svelte";

const source = "# Port\n\n## A\n\na\n\n### A1\n\na1\n\n## B\n\nb\n";
let app: App;
let document: OpenDocument;
let backend: MemoryBackend;

const titles = () => document.sections.map(({ level, title }) => `${level} ${title}`);
const section = (title: string) => document.sections.find((candidate) => candidate.title === title)!;

beforeEach(async () => {
  backend = new MemoryBackend();
  app = new App(backend);
  await app.start();
  const content = toBase64(new TextEncoder().encode(source));
  const { id } = await backend.call("document.import", { name: "t.md", content, template: "full", templateFile: null, workspace: null, format: null, lift: false, into: null });
  app.navigation.go({ view: "document", document: id, section: null });
  await app.followPlace();
  document = app.document!;
});

async function backAndForth(change: () => Promise<unknown>, after: string[]) {
  const before = titles();
  await change();
  await document.reload();
  expect(titles()).toEqual(after);
  await app.undo.undo();
  await document.reload();
  expect(titles()).toEqual(before);
  await app.undo.redo();
  await document.reload();
  expect(titles()).toEqual(after);
}

it("moves a section with what is nested in it, back and forth", () =>
  backAndForth(() => stepSection(app, document, section("B").id, "up"), ["1 Port", "2 B", "2 A", "3 A1"]));

it("nests a section, back and forth", () =>
  backAndForth(() => moveSection(app, document, section("B").id, { parent: section("A").id, after: section("A1").id }), ["1 Port", "2 A", "3 A1", "3 B"]));

it("renames a section, back and forth", () => backAndForth(() => renameSection(app, document, section("A1"), " New \n name "), ["1 Port", "2 A", "3 New name", "2 B"]));

it("deletes a section with what is nested in it, back and forth", () => backAndForth(() => deleteSection(app, document, section("A")), ["1 Port", "2 B"]));

it("fills a missing place of the template where it belongs", async () => {
  const slot = document.missing.find((candidate) => candidate.key === "overview")!;
  await addSection(app, document, { parent: null, after: null }, slot);
  const added = section("Overview");
  expect(added.key).toBe("overview");
  expect(document.editing?.section).toBe(added.id);
  expect(document.missing.some((candidate) => candidate.key === "overview")).toBe(false);
});

it("renames the document together with its first heading", async () => {
  await renameSection(app, document, section("Port"), "Harbour");
  await document.reload();
  expect(document.summary.title).toBe("Harbour");
  await renameDocument(app, document.id, "Harbour", "Port again");
  await document.reload();
  expect(document.titleSection?.title).toBe("Port again");
});

it("deletes a document with a way back", async () => {
  await deleteDocument(app, document.id, document.summary.title);
  await app.library.load();
  expect(app.library.documents).toHaveLength(0);
  const undo = app.toasts.list.at(-1)?.action;
  expect(undo?.label).toBe("Undo");
  undo?.run();
  await new Promise((resolve) => setTimeout(resolve, 0));
  await app.library.load();
  expect(app.library.documents).toHaveLength(1);
});

it("shows an error and remembers nothing when a change fails", async () => {
  backend.failures.set("section.rename", 1);
  expect(await renameSection(app, document, section("B"), "C")).toBe(false);
  expect(section("B").title).toBe("B");
  expect(app.toasts.list.at(-1)?.problem?.code).toBe("unreachable");
  expect(app.undo.nextUndo).toBeNull();
});
