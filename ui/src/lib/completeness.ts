import type { Completeness, SectionState } from "../backend/generated/api";

/** A bracketed place of a template that is still to be filled, and not a link, a task or a footnote. */
const PLACEHOLDER = /(?<![\]!\\])\[(?![ xX]\]|\^)[^\][\n]+(?:\[[^\]\n]*\][^\][\n]*)*\](?![([:])/g;
/** What remains of a skeleton without its placeholders: labels, bullets, numbers. */
const SCAFFOLD = /\*\*[^*\n]*\*\*:?|^[ \t]*(?:[-*+]|\d+[.)])[ \t]*|[\s:]/gm;

/** How far a text is; the core has the last word when the document is opened. */
export function sectionState(text: string): SectionState {
  if (text.trim() === "") return "empty";
  const without = text.replace(PLACEHOLDER, "");
  if (without === text) return "written";
  return without.replace(SCAFFOLD, "") === "" ? "placeholder" : "written";
}

/** The share that is written, from 0 to 1. */
export function share({ written, expected }: Completeness): number {
  return expected <= 0 ? 0 : Math.min(1, Math.max(0, written / expected));
}
