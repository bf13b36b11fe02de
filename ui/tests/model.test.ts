import { File as NodeFile } from "node:buffer";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chooseRules, deleteRecords, fixFinding, openFinding, openRecord, stepRecord, suppressFinding } from "../src/actions/model";
import { makeElement } from "../src/actions/mention";
import { MemoryBackend } from "../src/backend/memory";
import type { RecordView } from "../src/backend/generated/api";
import { encodeReference } from "../src/lib/reference";
import { toBase64 } from "../src/lib/base64";
import { App } from "../src/state/app.svelte";
import { PAUSE_MS } from "../src/state/drafts.svelte";
import { OpenDocument } from "../src/state/document.svelte";

let app: App;
let backend: MemoryBackend;
let document: OpenDocument;
const settle = (time = 50) => vi.advanceTimersByTimeAsync(time);
const model = () => document.model;
const named = (name: string) => model().list("elements").find((element) => element.label === name) as RecordView;
const names = () => model().list("elements").map((element) => element.label);

async function add(name: string, fields: Record<string, string> = {}): Promise<string> {
  const id = model().add("elements", { name, kind: "service", ...fields });
  await settle();
  return (await id) ?? "";
}

/** A change as it would come from another device. */
function elsewhere(id: string, field: string, value: string): void {
  const { changed } = backend.find(document.id).model.apply([{ do: "set", id, field, value }], true);
  backend.emit({ type: "modelChanged", document: document.id, records: changed });
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
  await settle();
  document = app.document!;
});
afterEach(() => vi.useRealTimers());

describe("the model", () => {
  it("follows what is added, nested and related, here and elsewhere", async () => {
    const shop = await add("Shop");
    const orders = await add("Orders", { parent: shop });
    expect(model().children(shop).map((record) => record.id)).toEqual([orders]);
    await model().add("relationships", { from: shop, to: orders, description: "has" });
    await settle();
    expect(model().leaving(shop)).toHaveLength(1);
    expect(model().dependencies(shop)).toEqual([orders]);
    expect(model().labelOf(model().leaving(shop)[0]!)).toBe("Shop → Orders");
    elsewhere(shop, "name", "Store");
    expect(names()).toEqual(["Store", "Orders"]);
  });

  it("reads everything again after events were lost", async () => {
    await add("Shop");
    backend.find(document.id).model.apply([{ do: "add", collection: "elements", id: null, fields: { name: "Unseen", kind: "service" }, after: null }], true);
    backend.emit({ type: "lagged" });
    await settle();
    expect(names()).toEqual(["Shop", "Unseen"]);
  });

  it("takes changes back and does them again", async () => {
    const shop = await add("Shop");
    await model().change([{ do: "set", id: shop, field: "owner", value: "Ada" }]);
    await settle();
    void app.undo.undo();
    await settle();
    expect(model().get(shop)?.fields["owner"]).toBeUndefined();
    void app.undo.redo();
    await settle();
    expect(model().get(shop)?.fields["owner"]).toBe("Ada");
    for (let step = 0; step < 2; step++) {
      void app.undo.undo();
      await settle();
    }
    expect(names()).toEqual([]);
    void app.undo.redo();
    await settle();
    expect(names()).toEqual(["Shop"]);
  });

  it("asks before it deletes much, and does nothing when one does not want it", async () => {
    const top = await add("Top");
    for (let part = 0; part < 12; part++) await add(`Part ${part}`, { parent: top });
    const answers = [false, true];
    for (const answer of answers) {
      const done = deleteRecords(app, document, [top]);
      await settle();
      expect(app.dialogs.current?.kind).toBe("confirm");
      if (app.dialogs.current?.kind === "confirm") app.dialogs.current.answer(answer);
      await settle();
      expect(await done).toBe(answer);
      expect(names()).toHaveLength(answer ? 0 : 13);
    }
  });

  it("moves elements among their like and into each other", async () => {
    const [a, b] = [await add("A"), await add("B")];
    await add("C");
    void stepRecord(document, named("C"), model().list("elements"), "up");
    await settle();
    expect(names()).toEqual(["A", "C", "B"]);
    void stepRecord(document, model().get(b)!, model().list("elements"), "in");
    await settle();
    expect(model().get(b)?.parent).toBe(named("C").id);
    void stepRecord(document, model().get(b)!, model().list("elements"), "out");
    await settle();
    expect(model().get(b)?.parent).toBeNull();
    expect(await stepRecord(document, model().get(a)!, model().list("elements"), "up")).toBe(false);
  });

  it("says what a reference shows", async () => {
    const id = await add("Shop", { purpose: "one\ntwo", status: "live" });
    const show = (field: string, hint = "") => model().show({ id, field, hint });
    expect(show("name")).toBe("Shop");
    expect(show("purpose", ">  ")).toBe("one\n  two");
    expect(show("status", "~LIVE")).toBe("LIVE");
    expect(show("status", "~Proposed")).toBe("Live");
    expect(model().show({ id: "ff", field: "name", hint: "" })).toBe("(?)");
  });
});

describe("what is being written into a field", () => {
  let id: string;
  const { write, value } = { write: (text: string | null) => model().drafts.write(id, "owner", text), value: () => model().drafts.value(id, "owner") };
  const stored = () => backend.find(document.id).model.find(id)?.fields["owner"];

  beforeEach(async () => {
    id = await add("Shop");
  });

  it("is saved after a pause, as one change", async () => {
    write("A");
    write("Ad");
    write("Ada");
    expect(document.saving).toBe(true);
    expect(stored()).toBeUndefined();
    await settle(PAUSE_MS + 50);
    expect(stored()).toBe("Ada");
    expect(document.saving).toBe(false);
    expect(backend.calls.filter(({ command }) => command === "model.apply")).toHaveLength(2);
  });

  it("is not lost when one goes elsewhere", async () => {
    write("Ada");
    app.select(null);
    app.openLibrary();
    void app.followPlace();
    await settle();
    expect(stored()).toBe("Ada");
  });

  it("is not overwritten by someone else's, until one picks", async () => {
    write("Ada");
    elsewhere(id, "owner", "Grace");
    expect(value()).toBe("Ada");
    expect(model().drafts.get(id, "owner")?.contested).toBe(true);
    await settle(PAUSE_MS * 2);
    expect(stored()).toBe("Grace");
    void model().drafts.keep(id, "owner");
    await settle();
    expect(stored()).toBe("Ada");
    write("Ada L.");
    elsewhere(id, "owner", "Grace H.");
    model().drafts.discard(id, "owner");
    expect(value()).toBe("Grace H.");
  });

  it("stays when it cannot be saved, and is saved later", async () => {
    backend.failures.set("model.apply", 1);
    write("Ada");
    await settle(PAUSE_MS + 50);
    expect(value()).toBe("Ada");
    expect(model().drafts.get(id, "owner")?.problem?.code).toBe("unreachable");
    await settle(10_000);
    expect(stored()).toBe("Ada");
    expect(model().drafts.waiting).toBe(false);
  });

  it("stays with the reason when it is refused, until it is changed or taken back", async () => {
    model().drafts.write(id, "name", null);
    await settle(PAUSE_MS * 10);
    expect(model().drafts.get(id, "name")?.problem).toMatchObject({ code: "bad-input" });
    expect(document.saving).toBe(true);
    model().drafts.write(id, "name", "Store");
    expect(model().drafts.get(id, "name")?.problem).toBeNull();
    model().drafts.write(id, "name", null);
    model().drafts.discard(id, "name");
    expect(model().drafts.value(id, "name")).toBe("Shop");
  });

  it("goes on while the last one is being saved", async () => {
    backend.delay = 100;
    write("Ada");
    void model().drafts.commit(id, "owner");
    write("Ada L.");
    await settle(PAUSE_MS + 500);
    expect(stored()).toBe("Ada L.");
    expect(model().drafts.waiting).toBe(false);
  });
});

describe("words of the text", () => {
  const section = () => document.sections.find((candidate) => candidate.title === "Doors")!;
  const select = (words: string) => {
    document.edit(section().id);
    const sync = document.sync(section().id)!;
    const from = sync.text.indexOf(words);
    sync.dispatch(sync.state.update({ selection: { anchor: from, head: from + words.length } }));
  };

  it("become an element and a mention of it, and words again", async () => {
    select("Front door");
    makeElement(app);
    const dialog = app.dialogs.current;
    expect(dialog?.kind === "makeElement" && dialog.name).toBe("Front door");
    if (dialog?.kind === "makeElement") void dialog.make("Front door", "gateway");
    await settle(500);
    const { id } = named("Front door");
    expect(backend.find(document.id).text(section().id)).toContain(`The ${encodeReference({ id, field: "name", hint: "" })} opens.`);
    const log = await backend.call("document.log", { document: document.id });
    expect(log.filter(({ summary }) => summary.includes("Front door"))).toHaveLength(1);
    // What was written since stays when it is taken back.
    const sync = document.sync(section().id)!;
    sync.dispatch(sync.state.update({ changes: { from: 0, insert: "Later. " } }));
    void app.undo.undo();
    await settle(500);
    expect(names()).toEqual([]);
    expect(backend.find(document.id).text(section().id)).toContain("Later. \nThe Front door opens.");
    void app.undo.redo();
    await settle(500);
    expect(backend.find(document.id).text(section().id)).toContain(`Later. \nThe ${encodeReference({ id, field: "name", hint: "" })} opens.`);
  });

  it("are linked to the element that has their name", async () => {
    const id = await add("front DOOR");
    select("Front door");
    makeElement(app);
    await settle(500);
    expect(app.dialogs.current).toBeNull();
    expect(section().text).toContain(id);
  });
});

describe("the check", () => {
  it("counts, leads to the place, fixes and accepts", async () => {
    const [a, b] = [await add("A", { purpose: "a", owner: "x" }), await add("B", { purpose: "b", owner: "x" })];
    await model().add("relationships", { from: a, to: b, interaction: "synchronous" });
    await settle(5_000);
    expect(document.check.report).toMatchObject({ errors: 0, warnings: 1 });
    const [finding] = document.check.open;
    openFinding(app, document, finding!);
    await settle();
    expect(app.navigation.page).toBe("model");
    expect([model().selected, model().wantedField]).toEqual([finding!.record, "timeout"]);
    void fixFinding(app, document, finding!);
    await settle();
    expect(document.check.pressing).toBe(0);
    void app.undo.undo();
    await settle(5_000);
    expect(document.check.pressing).toBe(1);
    void suppressFinding(app, document, document.check.open[0]!, "It is on one machine.", false);
    await settle();
    expect(document.check.pressing).toBe(0);
    expect(document.check.accepted[0]?.suppressed).toBe("It is on one machine.");
  });
});

describe("a project's own rules", () => {
  // The files of jsdom cannot be read.
  const file = (text: string) => new NodeFile([text], "drystone.toml") as unknown as File;
  const chosen = async (text: string) => {
    app.dialogs.pickFile = (take) => void take?.([file(text)]);
    vi.useRealTimers();
    chooseRules(app, document);
    await vi.waitFor(() => expect(document.check.refused !== null || document.check.project?.text === text).toBe(true));
  };

  it("hold until they are taken away, on this device", async () => {
    await add("A", { purpose: "a" });
    await settle(5_000);
    expect(document.check.report).toMatchObject({ infos: 1 });
    await chosen('[severity]\nelement-owner = "error"\n');
    expect(document.check.report).toMatchObject({ infos: 0, errors: 1 });
    const again = await OpenDocument.open(backend, document.id);
    await again.check.run();
    expect(again.check.report).toMatchObject({ errors: 1 });
    await document.check.use(null);
    expect(document.check.report).toMatchObject({ infos: 1, errors: 0 });
    expect((await OpenDocument.open(backend, document.id)).check.project).toBeNull();
  });

  it("are refused with the place in the file, and what was checked by stays", async () => {
    await add("A", { purpose: "a" });
    await settle(5_000);
    await chosen("[severity]\nelement-owner = 3\n");
    expect(document.check.refused).toMatchObject({ code: "bad-input", place: "drystone.toml:2:1" });
    expect(document.check.refused?.advice).not.toBe("");
    expect(document.check.project).toBeNull();
    expect(document.check.report).toMatchObject({ infos: 1 });
  });
});

describe("places", () => {
  it("are pages and records, and the back button leads to the page before", async () => {
    const id = await add("Shop");
    openRecord(app, id);
    await settle();
    expect(location.hash).toBe(`#/document/${document.id}/model/${id}`);
    app.select(null);
    expect(location.hash).toBe(`#/document/${document.id}/model`);
    app.openPage("decisions");
    expect(app.navigation.page).toBe("decisions");
    history.back();
    await settle();
    vi.useRealTimers();
    await vi.waitFor(() => expect(app.navigation.page).toBe("model"));
  });
});
