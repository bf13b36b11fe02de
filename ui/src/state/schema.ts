import type { Backend } from "../backend/backend";
import type { CollectionInfo, FieldInfo, ModelSchema, RecordView } from "../backend/generated/api";
import { textOf } from "../lib/values";

/** What records consist of; the same for every document. */
export class Schema {
  readonly collections: ReadonlyMap<string, CollectionInfo>;

  constructor(schema: ModelSchema) {
    this.collections = new Map(schema.collections.map((collection) => [collection.name, collection]));
  }

  /** A collection by its name; names are written in the source, so a wrong one is a defect. */
  collection(name: string): CollectionInfo {
    const found = this.collections.get(name);
    if (!found) throw new Error(`there is no collection ${name}`);
    return found;
  }

  field(collection: string, name: string): FieldInfo | null {
    return this.collections.get(collection)?.fields.find((field) => field.name === name) ?? null;
  }

  /** The fields that a record of its kind has, and those that have a value nevertheless. */
  fieldsOf(record: RecordView): FieldInfo[] {
    const kind = textOf(record, "kind");
    return this.collection(record.collection).fields.filter((field) => field.kinds.length === 0 || field.kinds.includes(kind) || field.name in record.fields);
  }

  /** The word of a choice as it is shown. */
  choice(collection: string, field: string, value: string): string {
    return this.field(collection, field)?.choices.find((choice) => choice.value === value)?.title ?? value;
  }
}

const loaded = new WeakMap<Backend, Promise<Schema>>();

/** The schema, read once. */
export function loadSchema(backend: Backend): Promise<Schema> {
  const known = loaded.get(backend);
  if (known) return known;
  const loading = backend.call("model.schema", {}).then((schema) => new Schema(schema));
  loaded.set(backend, loading);
  // A failed attempt is not remembered.
  loading.catch(() => loaded.delete(backend));
  return loading;
}
