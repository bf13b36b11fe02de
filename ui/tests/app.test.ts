import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MemoryBackend } from "../src/backend/memory";
import { toBase64 } from "../src/lib/base64";
import { App } from "../src/state/app.svelte";

let app: App;
let backend: MemoryBackend;
let id: string;

beforeEach(async () => {
  vi.useFakeTimers();
  history.replaceState(null, "", "/");
  backend = new MemoryBackend();
  app = new App(backend);
  await app.start();
  const content = toBase64(new TextEncoder().encode("# T\n\n## S\n\ntext\n"));
  id = (await backend.call("document.import", { name: "t.md", content, template: null, workspace: null })).id;
  await go(id);
});
afterEach(() => vi.useRealTimers());

const go = async (document: string | null) => {
  app.navigation.go(document ? { view: "document", document, section: null } : { view: "library" });
  const followed = app.followPlace();
  await vi.advanceTimersByTimeAsync(10);
  await followed;
};
const type = (text: string) => {
  const section = app.document!.sections[1]!;
  const sync = app.document!.sync(section.id)!;
  sync.dispatch(sync.state.update({ changes: { from: 0, insert: text } }));
};
const core = () => backend.find(id).markdown();

it("saves what was typed a moment before leaving", async () => {
  type("quick ");
  await go(null);
  expect(app.document).toBeNull();
  expect(core()).toContain("quick \ntext");
});

it("goes on saving a document that was left while the core did not answer", async () => {
  backend.failures.set("section.edit", 3);
  type("kept ");
  await go(null);
  expect(core()).not.toContain("kept");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(core()).toContain("kept \ntext");
});

it("finds unsaved text again when it comes back", async () => {
  backend.failures.set("section.edit", 100);
  type("kept ");
  await go(null);
  await go(id);
  expect(app.document?.sections[1]?.text).toContain("kept");
  backend.failures.clear();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(core()).toContain("kept \ntext");
  expect(app.document?.saving).toBe(false);
});

it("says why a document cannot be opened", async () => {
  await go("nothing");
  expect(app.document).toBeNull();
  expect(app.documentProblem?.code).toBe("not-found");
});

it("shows in the library what changed meanwhile", async () => {
  await go(null);
  const section = backend.find(id).views()[1]!.id;
  backend.remoteEdit(id, section, [{ at: 0, delete: 0, insert: "News. " }]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(app.library.documents[0]?.excerpt).toContain("News.");
});

it("reads everything again after events were lost", async () => {
  await go(null);
  backend.find(id).title = "Renamed unseen";
  backend.emit({ type: "lagged" });
  await vi.advanceTimersByTimeAsync(10);
  expect(app.library.documents[0]?.title).toBe("Renamed unseen");
});
