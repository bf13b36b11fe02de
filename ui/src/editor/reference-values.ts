import { encodeReference, renderReferences, type Reference } from "../lib/reference";
import { score } from "../lib/match";
import { textOf } from "../lib/values";
import type { DocumentModel } from "../state/model.svelte";
import { placeAt } from "../state/navigation.svelte";
import type { MentionChoice, ReferenceHost } from "./references";

/** At most so many elements are offered while one types. */
const MOST = 12;

/** A text with the values of fields in place of their references; mentions stay. */
export function withValues(model: DocumentModel, text: string): string {
  return renderReferences(text, (reference) => (isMention(model, reference) ? encodeReference(reference) : model.show(reference))).text;
}

/** What names a record, or something unknown, is a mention; everything else is a value. */
function isMention(model: DocumentModel, reference: Reference): boolean {
  return model.isMention(reference) || model.get(reference.id) === null;
}

function choices(model: DocumentModel, query: string): MentionChoice[] {
  const elements = model.list("elements");
  const fitting = query.trim() === "" ? elements.slice(0, MOST).map((element) => ({ element, rank: 1 })) : elements.map((element) => ({ element, rank: score(query, element.label) })).filter(({ rank }) => rank > 0);
  return fitting
    .sort((a, b) => b.rank - a.rank)
    .slice(0, MOST)
    .map(({ element }) => ({ id: element.id, label: element.label, detail: model.schema?.choice("elements", "kind", textOf(element, "kind")) ?? "" }));
}

/** What the editor needs to know of the model. */
export function referenceHost(model: DocumentModel, document: string, acts: Pick<ReferenceHost, "open" | "make">): ReferenceHost {
  return {
    ...acts,
    show: (reference) => model.show(reference),
    look(reference) {
      const record = model.get(reference.id);
      if (!model.loaded) return "value";
      if (!record || record.hidden) return "gone";
      return isMention(model, reference) ? "mention" : "value";
    },
    what(reference) {
      const record = model.get(reference.id);
      const field = record && model.schema?.field(record.collection, reference.field);
      return record && field ? `${field.title} of ${record.label}` : "Unknown";
    },
    choices: (query) => choices(model, query),
    pasted(text) {
      const hash = /^\S*(#\/document\/\S+)$/.exec(text.trim())?.[1];
      const place = hash ? placeAt(hash) : null;
      const record = place?.view === "document" && place.document === document ? model.get(place.record ?? null) : null;
      const label = record && model.schema?.collection(record.collection).label;
      return record && label && !record.hidden ? encodeReference({ id: record.id, field: label, hint: "" }) : null;
    },
    known: (name) => model.namesToElements.get(name.toLowerCase())?.label ?? null,
  };
}
