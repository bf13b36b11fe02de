import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { OpenDocument } from "../src/state/document.svelte";
import { opened } from "./story";

const source = "# Port\n\n## Overview\n\nShips.\n\n## Security\n\n### Doors\n\nLocked.\n";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());
const settle = () => vi.advanceTimersByTimeAsync(60_000);

it("knows the title section, the nesting and what is written", async () => {
  const { document, section } = await opened(source);
  expect(document.titleSection?.title).toBe("Port");
  expect(document.depth.get(section("Doors").id)).toBe(2);
  expect(section("Overview").state).toBe("written");
  expect(section("Security").state).toBe("empty");
  expect(document.words).toBe(2);
});

it("counts completeness while one writes", async () => {
  const { document, type } = await opened(source);
  const { written, expected } = document.completeness;
  type("Security", "Guards.\n");
  expect(document.completeness).toEqual({ written: written + 1, expected });
});

it("says that something is unsaved until the core has it", async () => {
  const { document, type, markdownNow } = await opened(source);
  type("Overview", "All ");
  expect(document.saving).toBe(true);
  await settle();
  expect(document.saving).toBe(false);
  expect(markdownNow()).toContain("All \nShips.");
});

it("shows edits from elsewhere in sections that are not being edited", async () => {
  const { backend, document, id, section } = await opened(source);
  backend.remoteEdit(id, section("Doors").id, [{ at: 1, delete: 6, insert: "Open" }]);
  expect(section("Doors").text).toBe("\nOpen.\n");
  expect(document.sync(section("Doors").id)?.text).toBe("\nOpen.\n");
});

it("reads again when it missed an update of a section", async () => {
  const { backend, id, section } = await opened(source);
  const doors = section("Doors").id;
  backend.find(id).edit(doors, 0, "", [{ at: 0, delete: 0, insert: "missed " }]);
  backend.remoteEdit(id, doors, [{ at: 0, delete: 0, insert: "seen " }]);
  await settle();
  expect(section("Doors").text).toBe("seen missed \nLocked.\n");
});

it("keeps editors and unconfirmed edits when the structure changes", async () => {
  const { backend, document, id, section, type, markdownNow } = await opened(source);
  const before = document.sync(section("Overview").id);
  backend.delay = 200;
  type("Overview", "Mine ");
  backend.find(id).rename(section("Doors").id, "Gates");
  backend.emit({ type: "documentChanged", document: id });
  await settle();
  expect(section("Gates").text).toBe("\nLocked.\n");
  expect(document.sync(section("Overview").id)).toBe(before);
  expect(markdownNow()).toContain("Mine \nShips.");
});

it("takes in what it missed after events were lost, without losing its own", async () => {
  const { backend, id, section, type, markdownNow } = await opened(source);
  backend.failures.set("section.edit", 2);
  type("Overview", "Mine. ");
  const found = backend.find(id);
  found.edit(section("Overview").id, 0, "", [{ at: 7, delete: 0, insert: " Theirs." }]);
  found.edit(section("Doors").id, 0, "", [{ at: 0, delete: 0, insert: "Also theirs. " }]);
  backend.emit({ type: "lagged" });
  await settle();
  expect(section("Overview").text).toBe("Mine. \nShips. Theirs.\n\n");
  expect(section("Doors").text).toBe("Also theirs. \nLocked.\n");
  expect(markdownNow()).toContain("Mine. \nShips. Theirs.");
});

it("starts its versions anew with a restarted core", async () => {
  const { backend, document, id, section, type, markdownNow } = await opened(source);
  type("Overview", "One. ");
  await settle();
  // The next process counts from zero again.
  const found = backend.find(id) as unknown as { find(id: string): { version: number; updates: unknown[] } };
  Object.assign(found.find(section("Overview").id), { version: 0, updates: [] });
  vi.spyOn(backend, "call").mockImplementationOnce(async () => ({ session: "another" }) as never);
  type("Overview", "Two. ", 5);
  backend.emit({ type: "lagged" });
  await settle();
  expect(markdownNow()).toContain("One. Two. \nShips.");
  expect(document.saving).toBe(false);
});

it("says when someone deletes the section one writes in", async () => {
  const { backend, document, id, section } = await opened(source);
  const doors = section("Doors").id;
  document.sync(doors);
  document.edit(doors);
  backend.find(id).remove(doors);
  backend.emit({ type: "documentChanged", document: id });
  await settle();
  expect(document.editing).toBeNull();
  expect(document.vanished).toEqual({ id: doors, title: "Doors" });
});

it("shows what keeps it from saving, until it is saved", async () => {
  const { backend, document, type } = await opened(source);
  backend.failures.set("section.edit", 1);
  type("Overview", "x");
  await vi.advanceTimersByTimeAsync(200);
  expect(document.problem?.code).toBe("unreachable");
  await settle();
  expect(document.problem).toBeNull();
});

it("sends everything when it is flushed", async () => {
  const { document, type, markdownNow } = await opened(source);
  type("Overview", "Last words. ");
  const flushed = document.flush();
  await settle();
  await flushed;
  expect(markdownNow()).toContain("Last words.");
});

it("reads the core's count again when writing pauses", async () => {
  const { backend, document, type } = await opened(source);
  type("Security", "Guards.\n");
  await settle();
  expect(backend.calls.filter(({ command }) => command === "document.list")).toHaveLength(1);
  expect(document.completeness).toEqual(backend.documents[0]?.summary().completeness);
});

it("cannot open what is not there", async () => {
  const { backend } = await opened(source);
  await expect(OpenDocument.open(backend, "nothing")).rejects.toMatchObject({ code: "not-found" });
});
