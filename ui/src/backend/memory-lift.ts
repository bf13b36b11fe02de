import { encodeReference } from "../lib/reference";
import { randomHex } from "../lib/random";
import type { Edit, LiftFinding, LiftReport, SectionBody } from "./generated/api";
import type { MemoryDocument } from "./memory-document";

/** Labels that are understood here, with their fields; the core knows many more. */
const LABELS: Record<string, string> = { purpose: "purpose", technologies: "technologies", interfaces: "interfaces", owner: "owner" };
const LINE = /^(\s*[-*]\s+)?\*\*([^*\n]+?):?\*\*:?\s*(.*)$/;

/** What lifting would do, and the edits that do it. */
export function liftPlan(document: MemoryDocument, only: string[] | null): { report: LiftReport; edits: Edit[]; sections: SectionBody[] } {
  const edits: Edit[] = [];
  const sections: SectionBody[] = [];
  const findings: LiftFinding[] = [];
  const views = document.views();
  const components = views.find((view) => view.key === "components");
  for (const view of views) {
    if (only && !only.includes(view.id)) continue;
    const isComponent = components !== undefined && view.parent === components.id;
    const id = randomHex(8);
    const fields: Record<string, string> = {};
    const lines = view.text.split("\n").map((line, index) => {
      const match = LINE.exec(line);
      if (!match || match[3] === undefined || match[3].includes("\uE020")) return line;
      const [, , label = "", value] = match;
      const field = LABELS[label.toLowerCase()];
      const why = !isComponent ? "It stands outside of a component." : !field ? `“${label}” is no field of an element.` : /^\[.*\]$/.test(value) || value === "" ? "It is still a placeholder." : "";
      findings.push({ section: view.id, sectionTitle: view.title, line: index + 1, what: `${label} of ${view.title}`, lifted: why === "", why });
      if (why !== "" || !field) return line;
      fields[field] = value;
      return line.slice(0, line.length - value.length) + encodeReference({ id, field, hint: "" });
    });
    if (Object.keys(fields).length === 0) continue;
    edits.push({ do: "add", collection: "elements", id, fields: { name: view.title, kind: "component", ...fields }, after: null });
    sections.push({ section: view.id, title: null, text: lines.join("\n") });
  }
  const lifted = findings.filter((finding) => finding.lifted).length;
  const added: Record<string, number> = edits.length > 0 ? { elements: edits.length } : {};
  return { report: { findings, added, lifted, left: findings.length - lifted, applied: null }, edits, sections };
}
