import { describe, expect, it } from "vitest";
import { fromBase64, toBase64 } from "../src/lib/base64";
import { sectionState, share } from "../src/lib/completeness";
import { compactionWords } from "../src/lib/compaction-words";
import { difference } from "../src/lib/difference";
import { briefGuidance, fullGuidance } from "../src/lib/guidance";
import { keyNames, matches } from "../src/lib/keymap";
import { score } from "../src/lib/match";
import { placeOf, step, subtree } from "../src/lib/outline";
import { strength } from "../src/lib/passphrase";
import { plainTitle } from "../src/lib/plain-title";
import { passages } from "../src/lib/search-marks";
import { sourceOffset } from "../src/lib/source-position";
import { spliceString, toChanges, toSplices } from "../src/lib/splices";
import { syncSentences, syncWords } from "../src/lib/sync-words";
import { pastTime, relativeTime } from "../src/lib/time";
import { counted, wordCount } from "../src/lib/wording";
import { workspaceName } from "../src/lib/workspace-names";
import type { SyncState } from "../src/backend/generated/api";

describe("completeness", () => {
  it.each([
    ["", "empty"],
    [" \n\n", "empty"],
    ["[Describe it here]\n", "placeholder"],
    ["- **Purpose**: [What it is for]\n- **Interfaces**:\n    - [In]\n", "placeholder"],
    ["1. [First]\n2. [Then]\n", "placeholder"],
    ["- **Purpose**: moves ships\n- **Interfaces**: [In]\n", "written"],
    ["See [the handbook](https://example.org).\n", "written"],
    ["- [ ] not done\n", "written"],
    ["Text with a footnote[^1].\n", "written"],
  ])("%j is %s", (text, state) => expect(sectionState(text)).toBe(state));

  it("stays between nothing and everything", () => {
    expect(share({ written: 0, expected: 0 })).toBe(0);
    expect(share({ written: 3, expected: 4 })).toBe(0.75);
    expect(share({ written: 9, expected: 4 })).toBe(1);
  });
});

describe("relative time", () => {
  const now = Date.parse("2026-03-10T12:00:00Z");
  it.each([
    ["2026-03-10T11:59:58Z", "just now"],
    ["2026-03-10T12:00:59Z", "just now"],
    ["2026-03-10T12:02:00Z", "in 2 minutes"],
    ["2026-03-10T11:58:30Z", "1 minute ago"],
    ["2026-03-10T09:00:00Z", "3 hours ago"],
    ["2026-03-09T11:00:00Z", "yesterday"],
    ["2026-03-04T12:00:00Z", "6 days ago"],
    ["2024-01-31T12:00:00Z", "Jan 31, 2024"],
    ["not a date", ""],
  ])("%s is %s", (moment, words) => expect(relativeTime(moment, now, "en")).toBe(words));
});

it("what has happened is never in the future", () => expect(pastTime("2026-03-10T12:00:20Z", Date.parse("2026-03-10T12:00:00Z"), "en")).toBe("just now"));

describe("difference", () => {
  const check = (before: string, after: string) => {
    const splices = difference(before, after);
    expect(spliceString(before, splices)).toBe(after);
    return splices;
  };

  it("finds nothing between equal texts", () => expect(check("a\nb\n", "a\nb\n")).toEqual([]));
  it("is small for a change in a line", () => expect(check("one\ntwo\nthree\n", "one\ntwin\nthree\n")).toEqual([{ at: 6, delete: 1, insert: "in" }]));
  it("keeps what lies between two changes", () => {
    const splices = check("a\nsame\nsame too\nz\n", "A\nsame\nsame too\nZ\n");
    expect(splices).toEqual([
      { at: 0, delete: 1, insert: "A" },
      { at: 16, delete: 1, insert: "Z" },
    ]);
  });
  it.each([
    ["", "x"],
    ["x", ""],
    ["a\nb\nc", "c\nb\na"],
    ["aaa\n", "aa\n"],
    ["\n\n\n", "\n"],
    ["x\ny\n", "x\nnew\ny\n"],
  ])("turns %j into %j", (before, after) => void check(before, after));
});

describe("guidance", () => {
  const advice = "[Add a diagram]\n\n**Example (Mermaid):**\n```mermaid\nA[User] --> B\n```\n- **Purpose**: [What it is for]\n- see [the guide](x.md)\n";
  it("is short in the margin", () => {
    expect(briefGuidance(advice)).toEqual({ text: "Add a diagram\n\n- **Purpose**: What it is for\n- see [the guide](x.md)", shortened: true });
    expect(briefGuidance("[Say it]")).toEqual({ text: "Say it", shortened: false });
  });
  it("keeps its examples in full", () => expect(fullGuidance(advice)).toContain("A[User] --> B\n```\n- **Purpose**: What it is for"));
});

describe("splices", () => {
  it("go to changes and back", () => {
    const splices = [
      { at: 0, delete: 1, insert: "XY" },
      { at: 4, delete: 0, insert: "\r\n" },
    ];
    const changes = toChanges(splices, 5);
    expect(spliceString("abcde", toSplices(changes))).toBe(spliceString("abcde", splices));
    expect(spliceString("abcde", splices)).toBe("XYbc\r\nde");
  });
  it("are refused outside of the text", () => {
    expect(() => toChanges([{ at: 3, delete: 3, insert: "" }], 5)).toThrow(RangeError);
    expect(() => spliceString("ab", [{ at: 1, delete: 2, insert: "" }])).toThrow(RangeError);
  });
});

describe("outline", () => {
  const sections = [
    { id: "a", parent: null },
    { id: "a1", parent: "a" },
    { id: "a2", parent: "a" },
    { id: "b", parent: null },
    { id: "c", parent: null },
  ];
  it.each([
    ["b", "up", { parent: null, after: null }],
    ["a", "up", null],
    ["b", "down", { parent: null, after: "c" }],
    ["c", "down", null],
    ["b", "in", { parent: "a", after: "a2" }],
    ["a", "in", null],
    ["a2", "out", { parent: null, after: "a" }],
    ["b", "out", null],
  ] as const)("%s goes %s", (id, direction, place) => expect(step(sections, id, direction)).toEqual(place));
  it("knows places and subtrees", () => {
    expect(placeOf(sections, "a2")).toEqual({ parent: "a", after: "a1" });
    expect([...subtree(sections, "a")]).toEqual(["a", "a1", "a2"]);
  });
});

describe("keys", () => {
  const press = (init: KeyboardEventInit) => new KeyboardEvent("keydown", init);
  it("match on either system", () => {
    expect(matches("Mod+K", press({ key: "k", ctrlKey: true }), false)).toBe(true);
    expect(matches("Mod+K", press({ key: "k", metaKey: true }), true)).toBe(true);
    expect(matches("Mod+K", press({ key: "k", ctrlKey: true, shiftKey: true }), false)).toBe(false);
    expect(matches("Mod++", press({ key: "+", ctrlKey: true, shiftKey: true }), false)).toBe(true);
    expect(matches("Mod++", press({ key: "=", ctrlKey: true }), false)).toBe(true);
    expect(matches("?", press({ key: "?", shiftKey: true }), false)).toBe(true);
    expect(matches("Alt+N", press({ key: "˜", code: "KeyN", altKey: true }), true)).toBe(true);
  });
  it("are named as people know them", () => {
    expect(keyNames("Mod+Shift+ArrowUp", false)).toEqual(["Ctrl", "Shift", "↑"]);
    expect(keyNames("Mod++", true)).toEqual(["⌘", "+"]);
  });
});

describe("search", () => {
  it("splits excerpts at their marks", () => {
    expect(passages("a \uE000hit\uE001 and \uE000two\uE001")).toEqual([
      { text: "a ", match: false },
      { text: "hit", match: true },
      { text: " and ", match: false },
      { text: "two", match: true },
    ]);
  });
  it("prefers beginnings of titles", () => {
    expect(score("exp", "Export as Markdown")).toBeGreaterThan(score("mark", "Export as Markdown"));
    expect(score("save", "Export", "save download")).toBeGreaterThan(0);
    expect(score("zzz", "Export")).toBe(0);
  });
});

describe("places in source", () => {
  const source = "Intro\n\nSome **bold** and [a link](https://example.org) here\n";
  it("skips what is not rendered", () => {
    const offset = sourceOffset(source, 2, 3, "Some bold and a");
    expect(source.slice(offset)).toBe(" link](https://example.org) here\n");
    expect(sourceOffset(source, 0, 1, "")).toBe(0);
  });
  it("stays in the block", () => expect(sourceOffset("one\n\ntwo\n", 0, 1, "one two")).toBeLessThanOrEqual(4));
});

describe("words", () => {
  it("count", () => {
    expect(counted(1, "change")).toBe("1 change");
    expect(counted(2, "entry", "entries")).toBe("2 entries");
    expect(wordCount("The system's two-part log, 2026.\n")).toBe(5);
  });
  it("take marks out of headings", () => {
    expect(plainTitle("The `log_file` and **its** [format](x.md) *now*")).toBe("The log_file and its format now");
    expect(plainTitle("snake_case_name stays, 2 * 3 * 4 too")).toBe("snake_case_name stays, 2 * 3 * 4 too");
  });
  it("judge passphrases", () => {
    expect(strength("").level).toBe("none");
    expect(strength("aaaaaaaaaaaaaaaa").level).toBe("weak");
    expect(strength("harbour1").level).toBe("weak");
    expect(strength("granite lichen ferry window").level).toBe("strong");
  });
  it("survive Base64", () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  });
});

describe("sync words", () => {
  const state: SyncState = {
    workspace: "w",
    relay: "https://relay.example.org",
    phase: "idle",
    waiting: 0,
    lastStored: null,
    lastContact: null,
    nextTry: null,
    quarantined: 0,
    problem: null,
    attachments: { sending: 0, fetching: 0, problem: null },
  };
  it("never say that all is stored while something waits", () => {
    expect(syncWords(state).words).toBe("All changes stored");
    expect(syncWords({ ...state, waiting: 2 }).words).toBe("2 changes on the way");
    expect(syncWords({ ...state, phase: "offline", waiting: 1 }).words).toBe("Offline, 1 change waiting");
    expect(syncWords({ ...state, phase: "local", relay: null }).words).toBe("On this device only");
  });
  it("say when it is tried again", () => {
    const sentences = (nextTry: string) => syncSentences({ ...state, phase: "offline", nextTry }, Date.parse("2026-03-10T12:00:00Z")).join(" ");
    expect(sentences("2026-03-10T12:00:20Z")).toContain("Next try within a minute.");
    expect(sentences("2026-03-10T12:03:00Z")).toContain("Next try in 3 minutes.");
  });
});

describe("workspaces of one name", () => {
  const own = { id: "1", name: "Personal", role: "owner" as const, documents: 0 };
  const other = { id: "2", name: "Personal", role: "editor" as const, documents: 3 };
  const name = (which: typeof own | typeof other, all: (typeof own | typeof other)[], owners = {}) => workspaceName(which, all, owners);
  it("are told apart by whose they are", () => {
    expect(name(own, [own])).toBe("Personal");
    expect(name(own, [own, other])).toBe("Personal (yours)");
    expect(name(other, [own, other], { "2": "Mara" })).toBe("Personal (of Mara)");
    expect(name(other, [own, other])).toBe("Personal (shared with you, editor)");
  });
  it("of one person are told apart by how much is in them", () => {
    expect(name(own, [own, { ...own, id: "3", documents: 1 }])).toBe("Personal (yours, 0 documents)");
  });
});

describe("what was compacted", () => {
  const now = Date.parse("2026-11-30T12:00:00Z");
  const snapshot = { id: "1", entries: 1200, madeBy: "Ben", made: "2026-11-27T12:00:00Z", confirmed: null, confirmedBy: [], contradictedBy: [] };
  const words = (change: object, more: object = {}) =>
    compactionWords({ workspace: "w", entries: 1240, compacted: 0, due: null, dueEntries: 0, loaded: null, uploading: false, snapshots: [{ ...snapshot, ...change }], ...more }, now);

  it("is said in one sentence, and nothing where there is nothing", () => {
    expect(compactionWords({ workspace: "w", entries: 9, compacted: 0, due: null, dueEntries: 0, loaded: null, uploading: false, snapshots: [] }, now)).toBe("");
    expect(words({})).toBe("Entries 1 to 1,200 of 1,240 are in a snapshot that Ben made 3 days ago; another member's device has yet to confirm it.");
    expect(words({ confirmedBy: ["Anna", "you"] })).toBe("Entries 1 to 1,200 of 1,240 are in a snapshot that Ben made 3 days ago, confirmed by Anna, you.");
    expect(words({ madeBy: "you", contradictedBy: ["Anna"] })).toBe(
      "Entries 1 to 1,200 of 1,240 are in a snapshot that you made 3 days ago; Anna says that it does not hold what the log holds, so nothing is deleted for it.",
    );
    expect(words({ confirmedBy: ["Anna"] }, { compacted: 800, due: "2026-12-05T12:00:00Z", dueEntries: 1000 })).toContain(
      "The relay has deleted the first 800 entries. It deletes those up to 1,000 in 5 days.",
    );
  });
});
