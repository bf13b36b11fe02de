import { toBase64 } from "../lib/base64";
import { problem } from "./backend";
import type { Applied, Commands, ComparisonRow, Edit, RecordView, SearchHit, SectionBody } from "./generated/api";
import { checkDocument, memoryRules, mendOf, severitiesOf } from "./memory-check";
import type { MemoryBackend } from "./memory";
import type { MemoryDocument } from "./memory-document";
import { liftPlan } from "./memory-lift";
import { memorySchema } from "./memory-model";

type Args<K extends keyof Commands> = Commands[K]["args"];

/** Does edits to a document and tells everyone. */
export function applyTo(backend: MemoryBackend, document: MemoryDocument, edits: Edit[], sections: SectionBody[], confirm: boolean, summary: string | null = null): Applied {
  const change = document.model.apply(edits, confirm);
  const undoSections = sections.map(({ section, text }) => {
    const before = document.text(section);
    if (text !== null) {
      const update = document.replaceText(section, text);
      if (update) backend.emit({ type: "sectionChanged", document: document.id, section, update });
    }
    return { section, title: null, text: before };
  });
  document.noteModel(summary ?? change.summary, edits.length);
  if (change.changed.length > 0) backend.emit({ type: "modelChanged", document: document.id, records: change.changed });
  return { added: change.added, summary: summary ?? change.summary, undo: change.undo, undoSections };
}

function compare(document: MemoryDocument, a: string, b: string): ComparisonRow[] {
  const views = document.model.views().filter((record) => !record.hidden);
  const nodes = new Map(views.filter((record) => record.collection === "nodes").map((node) => [node.id, node]));
  const instances = views.filter((record) => record.collection === "instances");
  const inside = (element: string, environment: string) =>
    instances.filter((one) => one.fields["element"] === element && nodes.get(String(one.fields["node"]))?.fields["environment"] === environment);
  const count = (list: RecordView[]) => list.reduce((sum, one) => sum + Number(one.fields["count"] ?? 1), 0);
  const names = (list: RecordView[]) => list.map((one) => nodes.get(String(one.fields["node"]))?.label ?? "(?)");
  return [...new Set(instances.map((one) => String(one.fields["element"])))]
    .map((element) => {
      const [left, right] = [inside(element, a), inside(element, b)];
      const row = { element, label: document.model.find(element)?.label ?? "(?)", inA: count(left), inB: count(right), nodesA: names(left), nodesB: names(right) };
      return { ...row, same: row.inA === row.inB };
    })
    .filter((row) => row.inA > 0 || row.inB > 0);
}

/** Records in the trash by themselves; what is nested in them goes with them. */
function trash(document: MemoryDocument) {
  const records = document.model.views().filter((record) => record.deleted);
  return [...document.removedSections(), ...records.map(({ collection, id, label }) => ({ collection, id, label }))];
}

function decisionFiles(document: MemoryDocument) {
  return document.model
    .views()
    .filter((record) => record.collection === "decisions" && !record.hidden)
    .map((decision) => {
      const text = ["context", "decision", "rationale"].map((field) => `## ${field}\n\n${String(decision.fields[field] ?? "")}\n`).join("\n");
      const name = `${String(decision.fields["number"]).padStart(4, "0")}-${decision.label.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.md`;
      return { name, content: toBase64(new TextEncoder().encode(`# ${decision.label}\n\n${text}`)) };
    });
}

/** Records that hold every word of a query. */
export function searchRecords(document: MemoryDocument, words: string[]): SearchHit[] {
  const hits = document.model.views().filter((record) => !record.hidden && words.every((word) => JSON.stringify([record.label, record.fields]).toLowerCase().includes(word)));
  return hits.map((record) => {
    const texts = Object.values(record.fields).filter((value): value is string => typeof value === "string" && !/^[0-9a-f]{16}$/.test(value));
    const pattern = new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "gi");
    const excerpt = texts.filter((text) => text !== record.label).join(" · ").slice(0, 160).replace(pattern, "\uE000$&\uE001");
    return { document: document.id, documentTitle: document.title, section: "", sectionTitle: record.label, record: record.id, collection: record.collection, path: record.path, excerpt };
  });
}

/** The commands about a document's model. */
export function modelHandlers(backend: MemoryBackend) {
  const find = (id: string) => backend.find(id);
  return {
    "model.schema": () => memorySchema,
    "model.open": ({ document }: Args<"model.open">) => ({ records: find(document).model.views() }),
    "model.apply": ({ document, edits, sections, confirm, summary }: Args<"model.apply">) => applyTo(backend, find(document), edits, sections, confirm, summary),
    "model.lift": ({ document, sections, apply }: Args<"model.lift">) => {
      const found = find(document);
      const plan = liftPlan(found, sections);
      if (!apply || plan.edits.length === 0) return plan.report;
      return { ...plan.report, applied: applyTo(backend, found, plan.edits, plan.sections, true, `Lifted ${plan.report.lifted} things into the model`) };
    },
    "model.compare": ({ document, a, b }: Args<"model.compare">) => ({ rows: compare(find(document), a, b) }),
    "document.trash": ({ document }: Args<"document.trash">) => trash(find(document)),
    "document.setTemplate": ({ document, template, file }: Args<"document.setTemplate">) => {
      const found = find(document);
      found.template = backend.template(template ?? "template.md", file);
      backend.emit({ type: "documentChanged", document });
      return found.summary();
    },
    "decisions.import": ({ files, into }: Args<"decisions.import">) => {
      const found = find(into ?? "");
      const edits = files.map(({ name }): Edit => {
        const title = name.replace(/^.*\//, "").replace(/^\d+-/, "").replace(/\.md$/, "").replace(/-/g, " ");
        return { do: "add", collection: "decisions", id: null, fields: { title: title.charAt(0).toUpperCase() + title.slice(1), status: "accepted", source: name }, after: null };
      });
      applyTo(backend, found, edits, [], true, `Imported ${files.length} decisions`);
      const lift = { findings: [], added: { decisions: files.length }, lifted: files.length, left: 0, applied: null };
      return { id: found.id, title: found.title, slug: found.summary().slug, template: found.template.id, sections: 0, matched: 0, lift };
    },
    "decisions.export": ({ document }: Args<"decisions.export">) => decisionFiles(find(document)),
    "check.run": ({ document, rules }: Args<"check.run">) => checkDocument(find(document), severitiesOf(rules)),
    "check.fix": ({ document, finding }: Args<"check.fix">) => {
      const found = find(document);
      const mend = mendOf(found, finding);
      if (!mend) throw problem("not-found", "There is nothing to fix here any more.", "Run the check again.");
      return applyTo(backend, found, mend.edits, mend.sections, true);
    },
    "check.rules": () => memoryRules,
  };
}
