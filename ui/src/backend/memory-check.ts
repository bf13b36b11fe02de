import { findReferences, renderReferences } from "../lib/reference";
import { sectionState } from "../lib/completeness";
import type { CheckFinding, CheckReport, Edit, RecordView, RuleInfo, SectionBody, Severity } from "./generated/api";
import { problem } from "./backend";
import type { MemoryDocument } from "./memory-document";

type Draft = Pick<CheckFinding, "message" | "place"> & Partial<CheckFinding> & { mend?: Mend };
/** What a fix does. */
export interface Mend {
  edits: Edit[];
  sections: SectionBody[];
}

interface Rule extends RuleInfo {
  find(document: MemoryDocument): Draft[];
}

const text = (record: RecordView, field: string) => (typeof record.fields[field] === "string" ? record.fields[field] : "");
const live = (document: MemoryDocument, collection: string) => document.model.views().filter((record) => record.collection === collection && !record.hidden);

function about(record: RecordView, field: string | null, message: string, more: Partial<Draft> = {}): Draft {
  return { message, place: field ? `${record.path}.${field}` : record.path, record: record.id, field, ...more };
}

function missing(kind: string, field: string, what: string) {
  return (document: MemoryDocument) =>
    live(document, "elements")
      .filter((element) => text(element, "kind") === kind && text(element, field) === "")
      .map((element) => about(element, field, `${element.label} has no ${what}.`));
}

function rule(id: string, severity: Severity, area: string, title: string, explanation: string, find: Rule["find"]): Rule {
  return { id, severity, area, title, explanation, find };
}

const rules: Rule[] = [
  rule(
    "mention-deleted",
    "error",
    "prose",
    "Mention of a deleted element",
    "The text names something that is in the trash. Readers look for it in vain.\n\nRestore it, or let the text name something else. The fix turns the mention into plain text.",
    (document) =>
      document.views().flatMap((section) =>
        findReferences(section.text).flatMap((reference) => {
          const record = document.model.find(reference.id);
          if (record && !record.hidden) return [];
          const label = record?.label ?? "(?)";
          const plain = renderReferences(section.text, (other) => (other.id === reference.id ? label : section.text.slice(other.from, other.to)));
          const sections = [{ section: section.id, title: null, text: plain.text }];
          return [{ message: `The text mentions ${label}, which was deleted.`, place: section.path, section: section.id, fix: "Turn the mention into plain text", mend: { edits: [], sections } }];
        }),
      ),
  ),
  rule(
    "database-backup",
    "error",
    "resilience",
    "Database without backup",
    "What a database holds is lost when its disk is, unless there is a copy and someone has tried to restore it.\n\n**Mend it** by writing how it is backed up and restored into *Backup strategy*.",
    missing("database", "backup", "backup strategy"),
  ),
  rule(
    "cache-expiry",
    "error",
    "resilience",
    "Cache without expiry",
    "A cache whose entries never end serves what was true once.\n\nWrite how long an entry lives into *TTL strategy*.",
    missing("cache", "ttl", "TTL strategy"),
  ),
  rule(
    "call-timeout",
    "warning",
    "resilience",
    "Synchronous call without timeout",
    "A caller that waits for ever stops together with what it calls. With a timeout it can do something else.\n\nThe fix writes a timeout of 5 seconds, to be adjusted.",
    (document) =>
      live(document, "relationships")
        .filter((call) => text(call, "interaction") === "synchronous" && text(call, "timeout") === "")
        .map((call) => {
          const [from, to] = ["from", "to"].map((end) => document.model.find(text(call, end))?.label ?? "(?)");
          const edits: Edit[] = [{ do: "set", id: call.id, field: "timeout", value: "5 s" }];
          return about(call, "timeout", `${from} waits for ${to} without a timeout.`, { fix: "Set the timeout to 5 s", mend: { edits, sections: [] } });
        }),
  ),
  rule(
    "element-purpose",
    "warning",
    "model",
    "Element without purpose",
    "Nobody can tell from a name alone what something is there for.\n\nOne sentence in *Purpose* is enough.",
    (document) =>
      live(document, "elements")
        .filter((element) => text(element, "purpose") === "")
        .map((element) => about(element, "purpose", `${element.label} has no purpose.`)),
  ),
  rule(
    "decision-elements",
    "warning",
    "decisions",
    "Accepted decision without elements",
    "A decision that was accepted affects something. Naming the elements lets people find it from there.",
    (document) =>
      live(document, "decisions")
        .filter((decision) => text(decision, "status") === "accepted" && !decision.fields["elements"])
        .map((decision) => about(decision, "elements", `Decision ${text(decision, "number")} names no element that it affects.`)),
  ),
  rule(
    "placeholder",
    "warning",
    "prose",
    "Placeholder left from the template",
    "What stands in brackets came with the template and waits for an answer.\n\nReplace it by one, or take it out.",
    (document) =>
      document
        .views()
        .filter((section) => sectionState(section.text) === "placeholder")
        .map((section) => ({ message: `“${section.title}” still holds the template's placeholders.`, place: section.path, section: section.id })),
  ),
  rule(
    "element-owner",
    "info",
    "model",
    "Element without owner",
    "When it breaks at night, someone has to know whom to call. Write the team or person into *Owner*.",
    (document) =>
      live(document, "elements")
        .filter((element) => text(element, "owner") === "" && !["person", "external"].includes(text(element, "kind")))
        .map((element) => about(element, "owner", `Nobody is named who answers for ${element.label}.`)),
  ),
];

export const memoryRules: RuleInfo[] = rules.map(({ find: _find, ...rule }) => rule);

interface Found {
  finding: CheckFinding;
  mend: Mend | null;
}

const RANK = { error: 0, warning: 1, info: 2 };

function everything(document: MemoryDocument): Found[] {
  const suppressions = live(document, "suppressions");
  const found = rules.flatMap((rule) =>
    rule.find(document).map(({ mend, ...draft }): Found => {
      const accepted = suppressions.find((one) => text(one, "rule") === rule.id && ["", draft.place].includes(text(one, "place")));
      const blank = { section: null, record: null, field: null, fix: null };
      const finding = { ...blank, ...draft, id: `${rule.id}:${draft.place}`, rule: rule.id, severity: rule.severity, suppressed: accepted ? text(accepted, "reason") : null };
      return { finding, mend: mend ?? null };
    }),
  );
  const rank = ({ finding }: Found) => (finding.suppressed === null ? 0 : 10) + RANK[finding.severity];
  return found.sort((a, b) => rank(a) - rank(b));
}

export type Severities = ReadonlyMap<string, Severity | "off">;

/** The severities of a file with rules; nothing else of one is understood here. */
export function severitiesOf(rules: string | null): Severities {
  const found = new Map<string, Severity | "off">();
  for (const [index, line] of (rules ?? "").split("\n").entries()) {
    const [, id, severity] = /^([\w-]+) = "(off|info|warning|error)"$/.exec(line.trim()) ?? [];
    if (id && severity) found.set(id, severity as Severity | "off");
    else if (line.trim() !== "" && line.trim() !== "[severity]") throw problem("bad-input", "This is not a severity of a rule.", "Write a rule, an equals sign, and off, info, warning or error in quotes.", `rules:${index + 1}:1`);
  }
  return found;
}

export function checkDocument(document: MemoryDocument, severities: Severities = new Map()): CheckReport {
  const findings = everything(document).flatMap(({ finding }) => {
    const severity = severities.get(finding.rule) ?? finding.severity;
    return severity === "off" ? [] : [{ ...finding, severity }];
  });
  const count = (severity: Severity) => findings.filter((finding) => finding.suppressed === null && finding.severity === severity).length;
  const suppressed = findings.filter((finding) => finding.suppressed !== null).length;
  return { findings, errors: count("error"), warnings: count("warning"), infos: count("info"), suppressed };
}

export function mendOf(document: MemoryDocument, id: string): Mend | null {
  return everything(document).find(({ finding }) => finding.id === id)?.mend ?? null;
}
