import { EditorView } from "@codemirror/view";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PresentPerson } from "../src/backend/generated/api";
import { NAME_MS, peopleMoved, remoteCarets, type RemotePerson } from "../src/editor/remote-carets";
import { initials, tones, TONES } from "../src/lib/person-mark";
import { DocumentPresence } from "../src/state/presence.svelte";
import { opened } from "./story";

const HARBOUR = "# Harbour\n\n## Overview\n\nShips come and go.\n\n## Data flow\n\nFrom ship to shore.\n";

function person(name: string, section: string | null, more: Partial<PresentPerson> = {}): PresentPerson {
  return { id: name, member: `member ${name}`, name, device: "", you: false, section, selection: null, ...more };
}

describe("a person's mark", () => {
  it("has the first letters of the first and the last name", () => {
    expect(["Mara Lindqvist", "ben", "  Ana  María de la Cruz ", "", "🌊 sea", "Özlem"].map(initials)).toEqual(["ML", "B", "AC", "?", "🌊S", "Ö"]);
  });

  it("has a colour of its own, the same for whoever looks", () => {
    const members = Array.from({ length: TONES }, (_, index) => `member ${index}`);
    const given = tones(members);
    expect(new Set(given.values()).size).toBe(TONES);
    expect(tones([...members].reverse())).toEqual(given);
    expect(tones([...members, "one more"]).size).toBe(TONES + 1);
    expect(tones(["a"]).get("a")).toBe(tones(["a", "a"]).get("a"));
  });
});

describe("who is in a document", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("is known by section", async () => {
    const { backend, document, id, section } = await opened(HARBOUR);
    await document.presence.start();
    const overview = section("Overview").id;
    backend.presence.put(id, [person("Mara", overview), person("Tom", overview), person("Jun", null)]);
    expect(document.presence.people.map(({ name }) => name)).toEqual(["Mara", "Tom", "Jun"]);
    expect(document.presence.bySection.get(overview)?.map(({ name }) => name)).toEqual(["Mara", "Tom"]);
    backend.presence.put("another", [person("Ruth", null)]);
    expect(document.presence.people).toHaveLength(3);
    backend.presence.put(id, []);
    expect(document.presence.people).toHaveLength(0);
    document.close();
  });

  it("is told where this page is, now and then, until it is left", async () => {
    const { backend, document, id, section } = await opened(HARBOUR);
    await document.presence.start();
    const page = () => [...backend.presence.pages.values()][0];
    expect(page()).toMatchObject({ document: id, section: null, selection: null });
    document.current = section("Data flow").id;
    for (let step = 0; step < 50; step++) document.presence.moved();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(page()?.section).toBe(section("Data flow").id);
    const said = () => backend.calls.filter(({ command }) => command === "presence.set").length;
    expect(said()).toBe(2);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(said()).toBeGreaterThanOrEqual(4);
    document.onText = false;
    document.presence.moved();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(page()?.section).toBeNull();
    document.close();
    await vi.advanceTimersByTimeAsync(0);
    expect(page()).toBeUndefined();
    const last = said();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(said()).toBe(last);
  });

  it("is told that nobody looks while the page is hidden", async () => {
    const { backend, document } = await opened(HARBOUR);
    await document.presence.start();
    const hidden = vi.spyOn(globalThis.document, "visibilityState", "get").mockReturnValue("hidden");
    globalThis.document.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(backend.presence.pages.size).toBe(0);
    hidden.mockRestore();
    globalThis.document.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(0);
    expect(backend.presence.pages.size).toBe(1);
    document.close();
  });

  it("keeps whether one is shown", async () => {
    const { backend, document } = await opened(HARBOUR);
    await document.presence.start();
    await document.presence.show(false);
    expect(backend.presence.shown).toBe(false);
    const again = new DocumentPresence(backend, document.id, () => ({ section: null, selection: null }));
    await again.start();
    expect(again.shown).toBe(false);
    again.close();
    document.close();
  });

  it("survives a core that does not answer", async () => {
    const { backend, document } = await opened(HARBOUR);
    backend.failures.set("presence.set", 2);
    await document.presence.start();
    document.presence.moved();
    await vi.advanceTimersByTimeAsync(40_000);
    expect(backend.presence.pages.size).toBe(1);
    document.close();
  });
});

describe("carets of others", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function editor(text: string, people: RemotePerson[]) {
    const view = new EditorView({
      doc: text,
      parent: document.body,
      extensions: remoteCarets({ people: () => people, place: ({ version, anchor, head }) => (version === 0 ? { anchor, head } : null), pointed: () => null }),
    });
    const carets = () => [...view.dom.querySelectorAll<HTMLElement>(".cm-person-caret")].map((caret) => `${caret.dataset["name"]}@${view.posAtDOM(caret)}${caret.hasAttribute("data-named") ? "!" : ""}`);
    const show = () => view.dispatch({ effects: peopleMoved.of(null) });
    return { view, carets, show };
  }

  const at = (name: string, anchor: number, head = anchor, version = 0): RemotePerson => ({ id: name, name, tone: 1, selection: { version, anchor, head } });

  it("stand in the text, with a name for a while after they moved", async () => {
    const people = [at("Mara", 4), at("Tom", 2, 8)];
    const { view, carets, show } = editor("One two three", people);
    expect(carets()).toEqual(["Mara@4!", "Tom@8!"]);
    expect(view.dom.querySelector(".cm-person-selection")?.textContent).toContain("e");
    await vi.advanceTimersByTimeAsync(NAME_MS + 100);
    expect(carets()).toEqual(["Mara@4", "Tom@8"]);
    people[0] = at("Mara", 5);
    show();
    expect(carets()).toEqual(["Mara@5!", "Tom@8"]);
    people.length = 0;
    show();
    expect(carets()).toEqual([]);
    expect(view.state.doc.toString()).toBe("One two three");
    view.destroy();
  });

  it("move with the text, and what is written here goes after them", () => {
    const { view, carets } = editor("One two three", [at("Mara", 4)]);
    view.dispatch({ changes: { from: 0, insert: "Zero " } });
    expect(carets()).toEqual(["Mara@9!"]);
    view.dispatch({ changes: { from: 9, insert: "mine " } });
    expect(carets()).toEqual(["Mara@9!"]);
    view.destroy();
  });

  it("stay where they were until what they stand in has arrived", async () => {
    const people = [at("Mara", 4)];
    const { view, carets, show } = editor("One two three", people);
    people[0] = at("Mara", 9, 9, 1);
    show();
    expect(carets()).toEqual(["Mara@4!"]);
    people[0] = at("Mara", 9);
    view.dispatch({ changes: { from: 0, insert: "x" } });
    await vi.advanceTimersByTimeAsync(1);
    expect(carets()).toEqual(["Mara@9!"]);
    view.destroy();
  });

  it("beyond the end stand at the end", () => {
    const { view, carets } = editor("One", [at("Mara", 99)]);
    expect(carets()).toEqual(["Mara@3!"]);
    view.destroy();
  });
});
