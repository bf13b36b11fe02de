import { beforeEach, describe, expect, it } from "vitest";
import { offered } from "../src/actions/action";
import { actions, action, handleKey, run } from "../src/actions/registry";
import { MemoryBackend } from "../src/backend/memory";
import { App } from "../src/state/app.svelte";

function duplicates(values: string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

const normal = (shortcut: string) => shortcut.split("+").sort().join("+").toLowerCase();

describe("the list of actions", () => {
  it("has every id once", () => expect(duplicates(actions.map(({ id }) => id))).toEqual([]));
  it("has every title once", () => expect(duplicates(actions.map(({ title }) => title))).toEqual([]));
  it("has every shortcut once", () => expect(duplicates(actions.flatMap(({ shortcut }) => (shortcut ? [normal(shortcut)] : [])))).toEqual([]));
  it("leaves the editor its keys", () => {
    const editor = ["Mod+B", "Mod+I", "Mod+E", "Mod+Z", "Mod+Y", "Mod+Shift+Z", "Mod+A", "Mod+C", "Mod+X", "Mod+V"].map(normal);
    expect(actions.filter(({ shortcut }) => shortcut && editor.includes(normal(shortcut)))).toEqual([]);
  });
  it("knows an action by its id only", () => expect(() => action("nothing")).toThrow());
});

describe("keys", () => {
  let app: App;
  const press = (init: KeyboardEventInit, target: Element = document.body) => {
    const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init });
    Object.defineProperty(event, "target", { value: target });
    return handleKey(app, event);
  };

  beforeEach(async () => {
    document.body.innerHTML = "";
    app = new App(new MemoryBackend());
    await app.start();
  });

  it("do nothing that writes for a reader, and say so nowhere else", async () => {
    const { id } = await app.backend.call("document.create", { title: "A", template: "compact", templateFile: null, workspace: null });
    app.navigation.go({ view: "document", document: id, section: null });
    await app.followPlace();
    const writing = actions.filter(({ writes }) => writes).map((one) => one.id);
    const takes = (name: string) => offered(app, action(name));
    expect(writing.filter(takes)).toContain("section.add");
    expect(app.settings.mode).toBe("write");
    (app.backend as MemoryBackend).workspaces[0]!.role = "reader";
    await app.workspaces.load();
    expect(writing.filter(takes)).toEqual([]);
    expect(["sharing.open", "document.exportMarkdown", "section.next"].filter(takes)).toHaveLength(3);
    expect(app.settings.mode).toBe("read");
    run(app, "section.edit");
    expect(app.document?.editing).toBeNull();
  });

  it("open the palette and close it again", () => {
    expect(press({ key: "k", ctrlKey: true })).toBe(true);
    expect(app.dialogs.current?.kind).toBe("palette");
    press({ key: "k", ctrlKey: true });
    expect(app.dialogs.current).toBeNull();
  });

  it("belong to the text while one types", () => {
    const input = document.createElement("input");
    expect(press({ key: "?" }, input)).toBe(false);
    expect(press({ key: "?" })).toBe(true);
  });

  it("do not reach through a dialog", () => {
    app.dialogs.open({ kind: "shortcuts" });
    expect(press({ key: "n", code: "KeyN", altKey: true })).toBe(false);
  });

  it("do nothing where the action makes no sense", () => {
    expect(press({ key: "F2" })).toBe(false);
    run(app, "section.delete");
    expect(app.toasts.list).toEqual([]);
  });

  it("zoom", () => {
    app.settings.set({ zoom: 1 });
    press({ key: "+", ctrlKey: true });
    expect(app.settings.zoom).toBeGreaterThan(1);
    press({ key: "0", ctrlKey: true });
    expect(app.settings.zoom).toBe(1);
  });
});
