import { beforeEach, describe, expect, it } from "vitest";
import { MemoryBackend } from "../src/backend/memory";
import type { Event } from "../src/backend/generated/api";
import { fromBase64, toBase64 } from "../src/lib/base64";

let backend: MemoryBackend;
let events: Event[];
const import_ = (text: string) =>
  backend.call("document.import", { name: "x.md", content: toBase64(new TextEncoder().encode(text)), template: null, templateFile: null, workspace: null, format: null, lift: false, into: null });

beforeEach(() => {
  backend = new MemoryBackend();
  events = [];
  backend.subscribe((event) => events.push(event));
});

it("exports what it imported", async () => {
  const text = "before\n\n# T\n```\n# not a heading\n```\n## S\r\n\ntext\n###### Deep\n";
  const { id } = await import_(text);
  const { content } = await backend.call("document.export", { document: id, format: "markdown" });
  expect(new TextDecoder().decode(fromBase64(content)).replaceAll("\r", "")).toBe(text.replaceAll("\r", ""));
});

it("refuses what is not UTF-8", async () => {
  const content = toBase64(new Uint8Array([0xff, 0xfe, 0x00]));
  await expect(backend.call("document.import", { name: "x.md", content, template: null, templateFile: null, workspace: null, format: null, lift: false, into: null })).rejects.toMatchObject({ code: "bad-input" });
});

describe("edits", () => {
  it("are taken at the current version and refused at any other", async () => {
    const { id } = await import_("# T\n\nabc\n");
    const [section] = (await backend.call("document.open", { document: id })).sections;
    const edit = (version: number) =>
      backend.call("section.edit", { document: id, section: section!.id, version, client: "c", splices: [{ at: 0, delete: 0, insert: "x" }] });
    expect(await edit(0)).toEqual({ accepted: true, version: 1 });
    expect(await edit(0)).toEqual({ accepted: false, version: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(events.filter((event) => event.type === "sectionChanged")).toHaveLength(1);
    const reply = await backend.call("section.updates", { document: id, section: section!.id, since: 0 });
    expect(reply).toMatchObject({ version: 1, text: null, updates: [{ version: 1, client: "c" }] });
  });
});

it("restores a deleted section where it was", async () => {
  const { id } = await import_("# T\n## A\n### A1\n## B\n");
  const titles = async () => (await backend.call("document.open", { document: id })).sections.map(({ title }) => title);
  const a = (await backend.call("document.open", { document: id })).sections[1]!.id;
  await backend.call("section.delete", { document: id, section: a });
  expect(await titles()).toEqual(["T", "B"]);
  await backend.call("section.restore", { document: id, section: a });
  expect(await titles()).toEqual(["T", "A", "A1", "B"]);
});

it("finds all words and marks them", async () => {
  await import_("# T\n\n## Pumps\n\nEvery pump has a spare.\n");
  const hits = await backend.call("search", { query: "spare pump", document: null, limit: 5 });
  expect(hits).toHaveLength(1);
  expect(hits[0]?.excerpt).toContain("\uE000spare\uE001");
});

it("asks for a relay before it invites", async () => {
  await expect(backend.call("workspace.invite", { workspace: null, role: "editor", hours: 1 })).rejects.toMatchObject({ code: "usage" });
  await backend.call("relay.set", { workspace: null, url: "https://relay.example.org/" });
  const { link } = await backend.call("workspace.invite", { workspace: null, role: "editor", hours: 1 });
  expect(await backend.call("workspace.inspect", { link })).toMatchObject({ relay: "https://relay.example.org", member: false });
});

it("carries a bundle and reads no other file as one", async () => {
  const { content } = await backend.call("bundle.export", { workspace: null, since: null, invite: { role: "reader", hours: 24 }, attachments: false });
  const other = new MemoryBackend();
  const info = await other.call("bundle.inspect", { content });
  expect(info).toMatchObject({ kind: "invitation", role: "reader", joins: true });
  const before = (await other.call("workspace.list", {})).length;
  expect(await other.call("bundle.import", { content, userName: "Ben" })).toMatchObject({ waiting: true });
  expect(await other.call("workspace.list", {})).toHaveLength(before + 1);
  await expect(other.call("bundle.inspect", { content: "aGVsbG8=" })).rejects.toMatchObject({ code: "bad-input" });
});
