import type { CheckFinding, Severity } from "../backend/generated/api";
import type { Grouping } from "../state/check.svelte";

export const SEVERITIES: Record<Severity, string> = { error: "Errors", warning: "Warnings", info: "Notes" };

export interface Group {
  key: string;
  title: string;
  findings: CheckFinding[];
}

interface Names {
  rule: (id: string) => string;
  place: (finding: CheckFinding) => string;
}

/** Findings that hold every word, by what they have in common; in the order in which they come. */
export function groupFindings(findings: readonly CheckFinding[], grouping: Grouping, filter: string, names: Names): Group[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map<string, Group>();
  for (const finding of findings) {
    const text = `${finding.message} ${finding.rule} ${finding.severity} ${finding.place} ${names.place(finding)} ${names.rule(finding.rule)}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const [key, title] =
      grouping === "severity" ? [finding.severity, SEVERITIES[finding.severity]] : grouping === "rule" ? [finding.rule, names.rule(finding.rule)] : [names.place(finding), names.place(finding)];
    const group = groups.get(key);
    if (group) group.findings.push(finding);
    else groups.set(key, { key, title, findings: [finding] });
  }
  return [...groups.values()];
}
