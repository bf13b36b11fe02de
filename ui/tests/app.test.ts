import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
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
  id = (await backend.call("document.import", { name: "t.md", content, template: null, templateFile: null, workspace: null, format: null, lift: false, into: null })).id;
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

describe("the workspace that is shown", () => {
  const addDocument = (workspace: string) => backend.call("document.create", { title: "D", template: "compact", templateFile: null, workspace });
  const start = async () => {
    const started = new App(backend);
    await started.start();
    return started.workspaces;
  };
  const create = async (name: string) => (await backend.call("workspace.create", { name })).id;

  beforeEach(() => {
    localStorage.clear();
    history.replaceState(null, "", "/");
    backend = new MemoryBackend();
  });

  it("is the default one when none has documents", async () => {
    await create("Team");
    expect((await start()).current?.name).toBe("Personal");
  });

  it("is the one joined last that has documents", async () => {
    await addDocument(await create("First"));
    await addDocument(await create("Second"));
    await create("Empty");
    expect((await start()).current?.name).toBe("Second");
  });

  it("is the one chosen last time, unless that one is empty", async () => {
    const [first, second] = [await create("First"), await create("Second")];
    await addDocument(second);
    (await start()).choose(first);
    expect((await start()).current?.name).toBe("Second");
    await addDocument(first);
    expect((await start()).current?.name).toBe("First");
  });

  it("changes when the first documents arrive, but not once someone has chosen", async () => {
    const team = await create("Team");
    const [waiting, decided] = [await start(), await start()];
    decided.choose(backend.workspaces[0]!.id);
    await addDocument(team);
    await vi.advanceTimersByTimeAsync(10);
    expect(waiting.current?.name).toBe("Team");
    expect(decided.current?.name).toBe("Personal");
  });

  it("is the document's own inside a document", async () => {
    const started = new App(backend);
    await started.start();
    const { id: document } = await addDocument(await create("Team"));
    started.navigation.go({ view: "document", document, section: null });
    const followed = started.followPlace();
    await vi.advanceTimersByTimeAsync(10);
    await followed;
    started.workspaces.choose(backend.workspaces[0]!.id);
    expect(started.workspaces.current?.name).toBe("Team");
    started.navigation.go({ view: "library" });
    await started.followPlace();
    expect(started.workspaces.current?.name).toBe("Personal");
  });
});

it("knows the name that was given elsewhere", async () => {
  await backend.call("app.setUserName", { name: "Mara" });
  await vi.advanceTimersByTimeAsync(10);
  expect(app.info?.userName).toBe("Mara");
});
