import { score } from "../lib/match";
import { textOf } from "../lib/values";
import type { Option } from "../shared/option";
import type { DocumentModel } from "../state/model.svelte";

/** Without a query this many records are offered. */
const UNASKED = 40;

/** Records of some collections that fit a query, best first. */
export function recordOptions(model: DocumentModel, collections: readonly string[], without: ReadonlySet<string> = new Set()): (query: string) => Option[] {
  const wanted = collections.length > 0 ? collections : [...(model.schema?.collections.keys() ?? [])];
  const detail = (collection: string, kind: string) =>
    collection === "elements" ? (model.schema?.choice("elements", "kind", kind) ?? "") : wanted.length > 1 ? (model.schema?.collection(collection).singular ?? "") : "";
  return (query) => {
    const records = wanted.flatMap((collection) => model.list(collection)).filter((record) => !without.has(record.id));
    const option = (record: (typeof records)[number]): Option => ({ id: record.id, label: model.labelOf(record), detail: detail(record.collection, textOf(record, "kind")) });
    if (query.trim() === "") return records.slice(0, UNASKED).map(option);
    return records
      .map((record) => ({ record, rank: score(query, model.labelOf(record)) }))
      .filter(({ rank }) => rank > 0)
      .sort((a, b) => b.rank - a.rank)
      .map(({ record }) => option(record));
  };
}
