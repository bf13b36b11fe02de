import { pickAttachments } from "../actions/attachments";
import { copyPath } from "../actions/sections";
import { addAfter, deleteSection, stepSection } from "../actions/structure";
import { step, type Direction } from "../lib/outline";
import type { MenuItem } from "../shared/menu";
import type { App } from "../state/app.svelte";
import type { OpenDocument } from "../state/document.svelte";
import type { Section } from "../state/section.svelte";

const DIRECTIONS: [Direction, string][] = [
  ["up", "Move up"],
  ["down", "Move down"],
  ["in", "Nest in the one before"],
  ["out", "Move out one level"],
];

/** What can be done with a section, wherever it is shown. */
export function sectionItems(app: App, document: OpenDocument, section: Section): MenuItem[] {
  return [
    { label: "Rename", run: () => (document.renaming = section.id), action: "section.rename" },
    { label: "Add a section after", run: () => void addAfter(app, document, section), action: "section.add" },
    { label: "Attach files…", run: () => pickAttachments(app, document, { about: null, section: section.id }), action: "section.attach" },
    ...DIRECTIONS.filter(([direction]) => step(document.sections, section.id, direction) !== null).map(([direction, label], index) => ({
      label,
      apart: index === 0,
      run: () => void stepSection(app, document, section.id, direction),
    })),
    { label: "Copy path", apart: true, run: () => void copyPath(app, section.path), action: "section.copyPath" },
    { label: "Delete", danger: true, run: () => void deleteSection(app, document, section), action: "section.delete" },
  ];
}
