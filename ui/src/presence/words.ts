import { plainTitle } from "../lib/plain-title";
import type { OpenDocument } from "../state/document.svelte";
import type { Person } from "../state/presence.svelte";

/** What somebody is called; oneself by the device. */
export function called(person: Person): string {
  if (!person.you) return person.name || "Somebody";
  return person.device ? `You, on ${person.device}` : "You, elsewhere";
}

/** Names in a row, each once. */
export function namesOf(people: readonly Person[]): string {
  return [...new Set(people.map(called))].join(", ");
}

/** Where somebody is, in words; null outside of the text. */
export function sectionOf(document: OpenDocument, person: Person): string | null {
  const section = person.section === null ? null : document.section(person.section);
  return section && (plainTitle(section.title) || "the text before the first heading");
}
