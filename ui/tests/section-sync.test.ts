import { history, redo, undo } from "@codemirror/commands";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryBackend } from "../src/backend/memory";
import { toBase64 } from "../src/lib/base64";
import { BATCH_MS, SectionSync, type Failure } from "../src/lib/section-sync";

/** Long enough for any number of batches. */
const LONG = 200_000;

interface Session {
  backend: MemoryBackend;
  sync: SectionSync;
  document: string;
  section: string;
  /** What the core has. */
  core: () => string;
  type: (text: string, at?: number) => void;
  remote: (at: number, remove: number, insert: string) => void;
  saving: { dirty: boolean; problem: unknown }[];
}

let open: SectionSync[] = [];

async function session(text: string, client = "me", failure: Failure = "unknown", company = false): Promise<Session> {
  const backend = new MemoryBackend();
  const content = toBase64(new TextEncoder().encode(`# T\n\n## S\n${text}`));
  const { id: document } = await backend.call("document.import", { name: "t.md", content, template: null, templateFile: null, workspace: null, format: null, lift: false, into: null });
  const view = await backend.call("document.open", { document });
  const section = view.sections[1]!;
  const saving: Session["saving"] = [];
  const sync = new SectionSync(
    client,
    section.text,
    section.version,
    {
      edit: (version, splices) => backend.call("section.edit", { document, section: section.id, version, client, splices }),
      updates: (since) => backend.call("section.updates", { document, section: section.id, since }),
    },
    {
      textChanged: () => {},
      savingChanged: (dirty, problem) => saving.push({ dirty, problem }),
      aroundRemote: (change) => change(),
      failure: () => failure,
      inCompany: () => company,
    },
  );
  open.push(sync);
  backend.subscribe((event) => {
    if (event.type === "sectionChanged") sync.receive(event.update);
  });
  return {
    backend,
    sync,
    document,
    section: section.id,
    saving,
    core: () => backend.find(document).text(section.id),
    type(inserted, at = sync.state.selection.main.head) {
      const spec = { changes: { from: at, insert: inserted }, selection: { anchor: at + inserted.length }, userEvent: "input.type" };
      sync.dispatch(sync.state.update(spec));
    },
    remote: (at, remove, insert) => backend.remoteEdit(document, section.id, [{ at, delete: remove, insert }]),
  };
}

const settle = () => vi.advanceTimersByTimeAsync(LONG);
const edits = (backend: MemoryBackend) => backend.calls.filter((call) => call.command === "section.edit");
const target = (sync: SectionSync) => ({ state: sync.state, dispatch: sync.dispatch.bind(sync) });

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  for (const sync of open) sync.close();
  open = [];
  vi.useRealTimers();
});

describe("sending", () => {
  it("collects keystrokes into one request", async () => {
    const { sync, type, core, backend } = await session("ab\n");
    type("1", 0);
    await vi.advanceTimersByTimeAsync(BATCH_MS / 2);
    type("2");
    type("3");
    await settle();
    expect(core()).toBe("123ab\n");
    expect(edits(backend)).toHaveLength(1);
    expect(sync.dirty).toBe(false);
  });

  it("sends nothing when the keystrokes cancel out", async () => {
    const { sync, type, backend } = await session("ab\n");
    type("x", 0);
    sync.dispatch(sync.state.update({ changes: { from: 0, to: 1 } }));
    await settle();
    expect(edits(backend)).toHaveLength(0);
    expect(sync.dirty).toBe(false);
  });

  it("flushes at once", async () => {
    const { sync, type, core } = await session("ab\n");
    type("x", 0);
    const flushed = sync.flush();
    await vi.advanceTimersByTimeAsync(1);
    await flushed;
    expect(core()).toBe("xab\n");
  });

  it("keeps one request in flight and types on meanwhile", async () => {
    const { sync, type, core, backend } = await session("\n");
    backend.delay = 300;
    type("a", 0);
    await vi.advanceTimersByTimeAsync(100);
    type("b");
    await vi.advanceTimersByTimeAsync(100);
    type("c");
    expect(edits(backend)).toHaveLength(1);
    await settle();
    expect(core()).toBe("abc\n");
    expect(edits(backend)).toHaveLength(2);
    expect(sync.text).toBe("abc\n");
  });

  it.each(["before", "after"] as const)("takes its own event %s the reply as confirmation only", async (order) => {
    const { sync, type, core, backend } = await session("\n");
    backend.eventOrder = order;
    for (const letter of "stone") {
      type(letter, sync.text.length - 1);
      await vi.advanceTimersByTimeAsync(BATCH_MS + 10);
    }
    await settle();
    expect(sync.text).toBe("stone\n");
    expect(core()).toBe("stone\n");
    expect(sync.dirty).toBe(false);
  });

  it("counts in UTF-16 units and keeps stray carriage returns", async () => {
    const { sync, type, core } = await session("a😀b\rc\n");
    expect(sync.text).toBe("a😀b\rc\n");
    type("é", 3);
    await settle();
    expect(core()).toBe("a😀éb\rc\n");
  });
});

describe("edits from elsewhere", () => {
  it("maps the caret and leaves it where it was in the text", async () => {
    const { sync, remote } = await session("hello world\n");
    sync.dispatch(sync.state.update({ selection: { anchor: 5 } }));
    remote(0, 0, "Oh, ");
    expect(sync.state.selection.main.head).toBe(9);
    remote(sync.text.length, 0, "more\n");
    expect(sync.state.selection.main.head).toBe(9);
    remote(9, 0, "!!");
    expect(sync.state.selection.main.head).toBe(9);
  });

  it("undoes and redoes only what was written here", async () => {
    const { sync, type, remote, core } = await session("base\n");
    type("mine ", 0);
    await settle();
    remote(0, 0, "theirs ");
    undo(target(sync));
    expect(sync.text).toBe("theirs base\n");
    redo(target(sync));
    expect(sync.text).toBe("theirs mine base\n");
    undo(target(sync));
    undo(target(sync));
    await settle();
    expect(core()).toBe("theirs base\n");
  });

  it("rebases a refused edit", async () => {
    const { sync, type, remote, core, backend } = await session("one two\n");
    backend.delay = 100;
    type("A", 3);
    // The request is on its way when someone else is faster.
    await vi.advanceTimersByTimeAsync(BATCH_MS + 10);
    remote(0, 0, "zero ");
    await settle();
    expect(core()).toBe("zero oneA two\n");
    expect(sync.text).toBe("zero oneA two\n");
    expect(edits(backend)).toHaveLength(2);
  });

  it("rebases over updates whose events never came", async () => {
    const { sync, type, core, backend, document, section } = await session("one\n");
    backend.find(document).edit(section, 0, "", [{ at: 0, delete: 0, insert: "silent " }]);
    type("!", 3);
    await settle();
    expect(core()).toBe("silent one!\n");
    expect(sync.text).toBe("silent one!\n");
  });

  it("fetches what is missing when there is a gap", async () => {
    const { sync, remote, backend, document, section } = await session("x\n");
    backend.find(document).edit(section, 0, "", [{ at: 0, delete: 0, insert: "a" }]);
    remote(1, 0, "b");
    await settle();
    expect(sync.text).toBe("abx\n");
    expect(sync.takenVersion).toBe(2);
  });

  it("takes the whole text when the updates are no longer kept, and keeps unconfirmed edits", async () => {
    const { sync, type, core, backend, document, section } = await session("first\nsecond\nthird\n");
    const found = backend.find(document);
    found.edit(section, 0, "", [{ at: 0, delete: 5, insert: "1st" }]);
    found.edit(section, 1, "", [{ at: found.text(section).length, delete: 0, insert: "fourth\n" }]);
    found.forgetUpdates(section);
    type(" (mine)", "first\nsecond".length);
    await settle();
    expect(core()).toBe("1st\nsecond (mine)\nthird\nfourth\n");
    expect(sync.text).toBe(core());
  });

  it("holds edits back while an input method composes", async () => {
    const { sync, remote, core, type } = await session("x\n");
    let composing = true;
    sync.composing = () => composing;
    remote(0, 0, "a");
    remote(1, 0, "b");
    await vi.advanceTimersByTimeAsync(500);
    expect(sync.text).toBe("x\n");
    type("か", 1);
    await vi.advanceTimersByTimeAsync(500);
    composing = false;
    await settle();
    expect(core()).toBe("abxか\n");
    expect(sync.text).toBe("abxか\n");
  });
});

describe("broken connections", () => {
  it("tries again, says so, and loses nothing", async () => {
    const { type, core, backend, saving, sync } = await session("\n");
    backend.failures.set("section.edit", 3);
    type("kept", 0);
    await vi.advanceTimersByTimeAsync(100);
    expect(saving.some((state) => state.dirty && state.problem !== null)).toBe(true);
    await settle();
    expect(core()).toBe("kept\n");
    expect(saving.at(-1)).toEqual({ dirty: false, problem: null });
    expect(sync.dirty).toBe(false);
  });

  it.each(["its event arrives", "no event arrives"])("does not write twice when only the reply was lost and %s", async (way) => {
    const { type, core, backend, sync, document, section } = await session("\n");
    const found = backend.find(document);
    const edit = found.edit.bind(found);
    let lost = false;
    vi.spyOn(found, "edit").mockImplementation((...args) => {
      const result = edit(...args);
      if (lost) return result;
      lost = true;
      if (way === "its event arrives" && result.update) backend.emit({ type: "sectionChanged", document, section, update: result.update });
      throw new Error("the reply was lost");
    });
    type("once", 0);
    await vi.advanceTimersByTimeAsync(100);
    type(" more", 4);
    await settle();
    expect(core()).toBe("once more\n");
    expect(sync.text).toBe("once more\n");
  });

  it("recognises its own edit in the text of a restarted core", async () => {
    const { type, backend, sync, document, section, core } = await session("old text\n");
    backend.failures.set("section.edit", 1);
    type("new ", 0);
    await vi.advanceTimersByTimeAsync(100);
    // The edit had arrived, the reply had not, and the versions start anew.
    backend.find(document).edit(section, 0, "", [{ at: 0, delete: 0, insert: "new " }]);
    sync.restart("new old text\n", 1);
    await settle();
    expect(sync.text).toBe("new old text\n");
    expect(core()).toBe("new old text\n");
  });

  it("stops at an error that trying again cannot cure", async () => {
    const transport = { edit: vi.fn(() => Promise.reject(new Error("gone"))), updates: vi.fn() };
    const listener = { textChanged: () => {}, savingChanged: vi.fn(), aroundRemote: (change: () => void) => change(), failure: () => "gone" as const };
    const sync = new SectionSync("me", "x", 0, transport, listener);
    open.push(sync);
    sync.dispatch(sync.state.update({ changes: { from: 0, insert: "y" } }));
    await settle();
    expect(transport.edit).toHaveBeenCalledTimes(1);
    expect(sync.text).toBe("yx");
  });
});

it("sends everything anew after a refusal, so that shortening the text helps", async () => {
  const { backend, type, sync, core } = await session("\n", "me", "refused");
  const call = backend.call.bind(backend);
  vi.spyOn(backend, "call").mockImplementation((command, args) => {
    if (command === "section.edit" && JSON.stringify(args).includes("xxxx")) return Promise.reject(new Error("too large"));
    return call(command, args);
  });
  type("xxxx", 0);
  await vi.advanceTimersByTimeAsync(200);
  sync.dispatch(sync.state.update({ changes: { from: 1, to: 4 } }));
  await settle();
  expect(core()).toBe("x\n");
});

describe("two editors", () => {
  it("end with the same text whatever they type at once", async () => {
    const first = await session("the wall\n", "first");
    const { backend, document, section } = first;
    const transport = {
      edit: (version: number, splices: { at: number; delete: number; insert: string }[]) =>
        backend.call("section.edit", { document, section, version, client: "second", splices }),
      updates: (since: number) => backend.call("section.updates", { document, section, since }),
    };
    const listener = { textChanged: () => {}, savingChanged: () => {}, aroundRemote: (change: () => void) => change(), failure: () => "unknown" as const };
    const second = new SectionSync("second", first.core(), 0, transport, listener);
    open.push(second);
    backend.subscribe((event) => {
      if (event.type === "sectionChanged") second.receive(event.update);
    });
    backend.delay = 30;
    let seed = 7;
    const random = (limit: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % limit;
    for (let round = 0; round < 200; round++) {
      const sync = round % 2 === 0 ? first.sync : second;
      const length = sync.text.length;
      const at = random(length + 1);
      const remove = random(4) === 0 ? Math.min(2, length - at) : 0;
      sync.dispatch(sync.state.update({ changes: { from: at, to: at + remove, insert: String.fromCharCode(97 + random(26)) } }));
      await vi.advanceTimersByTimeAsync(random(80));
    }
    await settle();
    expect(first.sync.text).toBe(first.core());
    expect(second.text).toBe(first.core());
    expect(first.sync.dirty || second.dirty).toBe(false);
  });
});

it("keeps the undo history when the editor is taken away and comes back", async () => {
  const { sync, type } = await session("x\n");
  type("typed ", 0);
  const parent = document.createElement("div");
  sync.mount(parent, [history()]);
  sync.unmount();
  undo(target(sync));
  expect(sync.text).toBe("x\n");
});

it("knows where selections of earlier versions are, under edits of its own too", async () => {
  const { sync, type, remote } = await session("One two three");
  const place = (version: number, at: number) => sync.place({ version, anchor: at, head: at })?.head ?? null;
  const first = sync.takenVersion;
  expect(place(first, 4)).toBe(4);
  expect(place(first + 1, 4)).toBeNull();
  remote(0, 0, "Zero ");
  expect(place(first, 4)).toBe(9);
  expect(place(first + 1, 9)).toBe(9);
  type("mine ", 0);
  expect(place(first, 4)).toBe(14);
  await vi.advanceTimersByTimeAsync(LONG);
  expect(sync.takenVersion).toBe(first + 2);
  expect([place(first, 4), place(first + 1, 9), place(first + 2, 14)]).toEqual([14, 14, 14]);
  expect(place(first, 999)).toBe(sync.text.length);
  sync.reset("Another text", first + 9);
  expect(place(first + 2, 3)).toBeNull();
  expect(place(first + 9, 3)).toBe(3);
});

it("says where its own caret is in the core's text", async () => {
  const { sync, type } = await session("One two three");
  expect(sync.selection()).toBeNull();
  const view = sync.mount(document.body, []);
  view.focus();
  const first = sync.takenVersion;
  view.dispatch({ selection: { anchor: 4 } });
  expect(sync.selection()).toEqual({ version: first, anchor: 4, head: 4 });
  type("new ", 4);
  expect(sync.selection(), "before the letter that follows").toEqual({ version: first, anchor: 4, head: 4 });
  await vi.advanceTimersByTimeAsync(LONG);
  expect(sync.selection()).toEqual({ version: first + 1, anchor: 8, head: 8 });
  sync.unmount();
  expect(sync.selection()).toBeNull();
});

it("sends the first keystroke at once while others look on, and collects what follows", async () => {
  const { backend, sync, type, core } = await session("x\n", "me", "unknown", true);
  const edits = () => backend.calls.filter(({ command }) => command === "section.edit").length;
  type("a", 0);
  await vi.advanceTimersByTimeAsync(BATCH_MS / 2);
  expect(core()).toBe("ax\n");
  for (const letter of "bcd") type(letter, sync.text.length - 2);
  await vi.advanceTimersByTimeAsync(10);
  expect(edits()).toBe(1);
  await vi.advanceTimersByTimeAsync(BATCH_MS);
  expect([edits(), core()]).toEqual([2, sync.text]);
});
