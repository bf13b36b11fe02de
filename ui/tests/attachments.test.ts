import { File as NodeFile } from "node:buffer";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { attachFiles, removeAttachment, saveAttachment } from "../src/actions/attachments";
import { MemoryBackend } from "../src/backend/memory";
import { toBase64 } from "../src/lib/base64";
import { isAttached } from "../src/lib/attached";
import { sizeWords } from "../src/lib/sizes";
import { App } from "../src/state/app.svelte";
import type { OpenDocument } from "../src/state/document.svelte";

let app: App;
let backend: MemoryBackend;
let document: OpenDocument;
let section: string;
const settle = (time = 50) => vi.advanceTimersByTimeAsync(time);
const target = () => ({ about: null, section });
const names = () => document.attachments.on(target()).map(({ name }) => name);
const file = (name: string, bytes: number) => new NodeFile([new Uint8Array(bytes).fill(7)], name) as unknown as File;

/** Attaches, and lets time pass until it is done. */
async function attach(...files: File[]): Promise<void> {
  const done = attachFiles(app, document, target(), files);
  await settle(500);
  await done;
}

beforeEach(async () => {
  vi.useFakeTimers();
  history.replaceState(null, "", "/");
  backend = new MemoryBackend();
  app = new App(backend);
  await app.start();
  const content = toBase64(new TextEncoder().encode("# T\n\n## Doors\n\nThe Front door opens.\n"));
  const { id } = await backend.call("document.import", { name: "t.md", content, template: "full", templateFile: null, workspace: null, format: null, lift: false, into: null });
  app.navigation.go({ view: "document", document: id, section: null });
  const followed = app.followPlace();
  await settle();
  await followed;
  await settle(200);
  document = app.document!;
  section = document.sections[1]!.id;
});

afterEach(() => {
  vi.useRealTimers();
});

it("attaches a file in pieces, and gives it back as it was", async () => {
  await attach(file("plan.pdf", 2_500_000));
  expect(names()).toEqual(["plan.pdf"]);
  expect(backend.calls.filter(({ command }) => command === "attachment.piece")).toHaveLength(3);
  const [view] = document.attachments.on(target());
  const saving = saveAttachment(app, document, view!);
  await settle(500);
  await saving;
  expect(backend.saved.at(-1)?.content === toBase64(new Uint8Array(2_500_000).fill(7))).toBe(true);
});

it("asks before it keeps where something was taken, and takes no for an answer", async () => {
  const refused = attachFiles(app, document, target(), [file("film.mp4", 10)]);
  await settle();
  expect(app.dialogs.current?.kind).toBe("confirm");
  app.dialogs.close();
  await settle();
  await refused;
  expect(names()).toEqual([]);
  const taken = attachFiles(app, document, target(), [file("film.mp4", 10)]);
  await settle();
  if (app.dialogs.current?.kind === "confirm") app.dialogs.current.answer(true);
  await settle(500);
  await taken;
  expect(names()).toEqual(["film.mp4"]);
  expect(backend.calls.findLast(({ command }) => command === "attachment.begin")?.args).toMatchObject({ keepPosition: true });
});

it("puts one into the trash and takes it back", async () => {
  await attach(file("a.pdf", 10), file("b.pdf", 10));
  await removeAttachment(app, document, document.attachments.on(target())[0]!);
  await settle(500);
  expect(names()).toEqual(["b.pdf"]);
  await app.undo.undo();
  await settle(500);
  expect(names()).toEqual(["a.pdf", "b.pdf"]);
});

it("follows what comes from elsewhere, and fetches what was asked for", async () => {
  const view = backend.attachments.put(backend.find(document.id), target(), "large.bin", new Uint8Array(4), { state: "remote", done: 0, total: 30 });
  await settle(500);
  expect(document.attachments.get(view.id)?.state).toBe("remote");
  const fetching = document.attachments.fetch(view.id);
  await settle(500);
  await fetching;
  expect(document.attachments.get(view.id)?.state).toBe("here");
});

it("says sizes as people read them, and leaves texts to the import", () => {
  expect([0, 999, 3_400_000, 123_456_789].map(sizeWords)).toEqual(["0 B", "999 B", "3.4 MB", "123 MB"]);
  expect(["a.jpg", "a.MD", "plan.drystone", "notes"].map(isAttached)).toEqual([true, false, false, true]);
});
